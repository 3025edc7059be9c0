/* bump: a preload that hands out a prefaulted arena and frees nothing: what a walk costs when the allocator
 * costs next to nothing. The floor the generator and the table are measured against.
 * BUMP_ARENA_BYTES: size of the arena (default 1 GiB), mapped and touched before main. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *arena, *next, *end;

static uint64_t arena_bytes(void)
{
    uint64_t bytes = 0;
    const char *text = getenv("BUMP_ARENA_BYTES");
    for (; text && *text >= '0' && *text <= '9'; text++)
        bytes = bytes * 10 + (uint64_t)(*text - '0');
    return bytes ? bytes : UINT64_C(1) << 30;
}

/* Before main, so that it is in the baseline; take() calls it too, should anybody come earlier. */
__attribute__((constructor)) static void map_arena(void)
{
    if (arena)
        return;
    uint64_t bytes = arena_bytes();
    arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (arena == MAP_FAILED)
        _exit(127);
    next = arena;
    end = arena + bytes;
}

/* Sizes stand in front of the blocks, for realloc. */
static void *take(size_t alignment, size_t bytes)
{
    map_arena();
    uintptr_t at = ((uintptr_t)next + sizeof(size_t) + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (bytes > (uintptr_t)end - at) {
        errno = ENOMEM;
        return NULL;
    }
    next = (char *)at + bytes;
    memcpy((char *)at - sizeof bytes, &bytes, sizeof bytes);
    return (void *)at;
}

void *malloc(size_t bytes)
{
    return take(16, bytes);
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return take(16, total); /* the arena is fresh: it is zero already */
}

void *realloc(void *block, size_t bytes)
{
    void *grown = take(16, bytes);
    if (grown && block) {
        size_t before;
        memcpy(&before, (char *)block - sizeof before, sizeof before);
        memcpy(grown, block, before < bytes ? before : bytes);
    }
    return grown;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return take(alignment < 16 ? 16 : alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = take(alignment < 16 ? 16 : alignment, bytes);
    return *block ? 0 : ENOMEM;
}
