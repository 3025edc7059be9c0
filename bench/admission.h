/* admission.h: may one more process be started without running out of memory? */
#ifndef AFTERFREE_ADMISSION_H
#define AFTERFREE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

/* Asked while no process is busy. The new one grows to `new_peak_bytes` now and may keep all of it; the
 * others may grow again by `regrowth_bytes`. Both must fit what is available now, so that nobody who holds
 * memory ever waits for memory. */
static inline bool admission_fits(uint64_t available_bytes, uint64_t new_peak_bytes, uint64_t regrowth_bytes)
{
    return available_bytes >= new_peak_bytes && available_bytes - new_peak_bytes >= regrowth_bytes;
}

#endif
