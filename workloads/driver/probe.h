/* probe.h: which allocator this process runs on, and how it is set. Its own process: the measured one stays
 * clean. */
#ifndef PROBE_H
#define PROBE_H

/* Arguments purge=CALL and KEY=CALL; writes the lines protocol.h names and returns the exit code. */
int probe_run(char *const *arguments);

#endif
