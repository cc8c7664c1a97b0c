package dev.agentcall.routes;

import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A line in a file.
 *
 * @param line from 1; 0 for the file as a whole
 */
record Place(String file, int line) {

    static Place of(String file, Node node) {
        return new Place(
                file, node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0));
    }

    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line;
    }
}
