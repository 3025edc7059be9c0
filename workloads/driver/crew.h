/* crew.h: the threads of the shape `workers`: one works, all others sleep on a futex and allocate nothing.
 *
 * With one worker that is the main thread itself and there is no other, for an idle second thread alone makes
 * glibc's frees 1.8 times dearer. With more, that many are started, and the main thread works no more: it
 * hands out jobs and waits, as a service's main thread does. What pthread_create asks of the allocator, it
 * asks here; the stacks are scratch memory. */
#ifndef CREW_H
#define CREW_H

#define CREW_MAX 64
#define CREW_STACK_BYTES (256u << 10)

void crew_start(unsigned workers); /* before the baseline; dies when a thread is refused */

/* Runs job(argument) on worker `number` modulo the crew's size, and returns when it is done. */
void crew_run(unsigned number, void (*job)(void *), void *argument);

#endif
