/* half: a preload that owns malloc and free and leaves their kin to the C library: what posix_memalign gives
 * out, its free does not know. A figure of such a mixture is of no allocator. */
#include <stdlib.h>

void *__libc_malloc(size_t bytes);
void __libc_free(void *block);

void *malloc(size_t bytes)
{
    return __libc_malloc(bytes);
}

void free(void *block)
{
    __libc_free(block);
}
