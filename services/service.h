/* service.h: what a service file defines: one `const struct service service`. One file in services/ is one program:
 * an HTTP server around a workload's map. The driver (workloads/driver) brings main(), the walk and the marks,
 * crew/requests.h the crew; the linker is the registry.
 *
 * It is not behind the wall: its library may allocate and start threads, which is what the null request tells. All else
 * of the contract is the same.
 *
 * GET /healthz           200 "ok\n", at any time
 * POST /build?records=N  200 "records=N checksum=C\n", C the checksum of the last hold (0: there was none); 400 when N is
 *                        not what the process was started for
 * POST /release          200 "released\n", after the explicit purge
 * A body is read and ignored. Other paths are 404, other methods 405, and both POSTs 503 once the walk is over. Every
 * answer closes its connection. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdint.h>

struct service {
    /* Listens on 127.0.0.1 for the shape's `records`, a thread of its own for each connection; port 0: any. Returns the
     * port. Dies with PROTOCOL_EXIT_USAGE when it cannot. */
    uint16_t (*open)(uint16_t port, uint64_t records);

    /* Returns when nobody is listened to and each thread has ended. */
    void (*close)(void);
};

extern const struct service service;

#endif
