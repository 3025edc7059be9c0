/* requests.h: the crew (driver/crew.h) of a service: its workers are the threads that serve requests. The walk's thread
 * takes the request a phase needs, gives it the phase's jobs, has it answered, and waits until its connection is gone:
 *
 *     before the baseline   GET /healthz, the null request: what the HTTP library takes for one is in the baseline then
 *     build, rebuild        POST /build, which does hold, drop and redrop as well, and is answered behind these
 *     purge                 POST /release
 *
 * All of that lies outside the phases' times. A request that comes early waits for its phase; whoever still waits at
 * the end is turned away. The walk's thread notices meanwhile when the orchestrator is gone. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

enum request { REQUEST_NONE, REQUEST_HEALTH, REQUEST_BUILD, REQUEST_RELEASE, REQUEST_COUNT };

/* Called by a request's own thread, which does the walk's jobs in here: returns when it is to be answered. Health is
 * answered at once, unless it is the null request. `connection` is any address that no other connection has as long as
 * this one lasts. false: turned away, the walk is over. */
bool requests_serve(enum request request, const void *connection, uint64_t *checksum);

/* Called for each connection when it is closed and its thread has ended. */
void requests_gone(const void *connection);

#endif
