package dev.agentcall.routes;

/** A component's own jar is in the class path, and one that it needs is not. */
public final class MissingClass {

    private MissingClass() {}

    /** What is missing and who needs it, in words for people. */
    public static String describe(LinkageError e) {
        StackTraceElement[] trace = e.getStackTrace();
        String needed = trace.length == 0 ? "" : ", which " + trace[0].getClassName() + " needs";
        return "lib: found no class " + String.valueOf(e.getMessage()).replace('/', '.') + needed
                + ", expected the jar that has it";
    }
}
