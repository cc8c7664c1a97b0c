package dev.agentcall.ledger;

/**
 * One run over one CSV file.
 *
 * @param id the ledger's own number
 * @param processId the process that has it
 * @param resultName first part of the names of its result files, chosen when the run begins
 * @param doneName the original's name in the folder done, null until the results are there
 * @param resumed it was begun before and goes on now
 */
public record FileRun(long id, long processId, String resultName, String doneName, boolean resumed) {}
