/* probe.h: which allocator this process runs on. Its own process: the measured one stays clean. */
#ifndef PROBE_H
#define PROBE_H

/* Arguments version=CALL and purge=CALL, both optional; writes the lines protocol.h names and returns the
 * exit code. */
int probe_run(char *const *arguments);

#endif
