package dev.agentcall.bench;

/**
 * What one child process took.
 *
 * @param exitCode its exit code
 * @param wallSeconds from its start to its exit
 * @param cpuSeconds user and system time, of its own children too
 * @param peakMib largest resident size, in MiB; NaN where it cannot be read
 */
record Usage(int exitCode, double wallSeconds, double cpuSeconds, double peakMib) {}
