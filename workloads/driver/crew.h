/* crew.h: the threads of the shape `workers`: one works, all others sleep on a futex and allocate nothing.
 *
 * With one worker that is the main thread itself and there is no other, for an idle second thread alone makes
 * glibc's frees 1.8 times dearer. With more, that many are started, and the main thread works no more: it
 * hands out jobs and waits, as a service's main thread does. What pthread_create asks of the allocator, it
 * asks here; the stacks are scratch memory.
 *
 * A service has another crew, and the linker chooses: its workers are the threads that serve requests
 * (services/crew/requests.h). */
#ifndef CREW_H
#define CREW_H

#include <stdint.h>

#include "driver/params.h"

#define CREW_STACK_BYTES (256u << 10)

/* Before the baseline. Dies when this crew cannot do what the parameters ask for, or a thread is refused. */
void crew_start(const struct params *params);

/* Around each phase, outside its time: a service waits there for the request that is to do it, and has it answered.
 * `held_checksum` is the last hold's; 0: there was none. */
void crew_begin(enum phase phase);
void crew_end(enum phase phase, uint64_t held_checksum);

/* Runs job(argument), part of the phase, on worker `number` modulo the crew's size, or for collect and purge on the main
 * thread; returns when it is done. */
void crew_run(enum phase phase, unsigned number, void (*job)(void *), void *argument);

#endif
