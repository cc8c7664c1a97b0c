package dev.agentcall.rest;

/**
 * One thing that has to be well before the program can do its work. Every bean of this type is asked when somebody asks
 * {@code /observe/health/ready}.
 */
public interface ReadinessCheck {

    /** What is asked after, in one word. */
    String name();

    /** Why it is not ready, for people; null if it is. Answers within seconds. */
    String notReady();
}
