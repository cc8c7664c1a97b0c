package dev.agentcall.ledger;

/**
 * One run over one CSV file.
 *
 * @param id the ledger's own number
 * @param resultName first part of the names of its result files, chosen when the run begins
 * @param resumed it was begun before and goes on now
 */
public record FileRun(long id, String resultName, boolean resumed) {}
