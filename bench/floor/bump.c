/* bump: the floor under what any allocator costs. Blocks are cut off a prefaulted arena one behind the other;
 * freeing counts, and with the last live block the arena is empty and begins again. So a walk's next build finds
 * pages that were touched before, as long as nothing outlives the drop (survivors, or the blocks of threads).
 *
 * FIRST_BYTES are touched before main: enough for a million of the api's records (hash_open, whose table grows by
 * copying, needs most). What needs more pays for a step in the build that needs it, not in those after it. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#define RESERVED_BYTES ((size_t)64 << 30) /* of addresses */
#define FIRST_BYTES ((size_t)256 << 20)
#define STEP_BYTES ((size_t)64 << 20)
#define ALIGNMENT ((size_t)16)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *arena, *next;
static char *mapped; /* end of what is there */
static char *dirty;  /* end of what was handed out before the arena began again */
static size_t live;  /* blocks */

static bool map_until(const char *least)
{
    size_t missing = (size_t)(least - mapped), more = (missing + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
    if (more > (size_t)(arena + RESERVED_BYTES - mapped) ||
        mmap(mapped, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1,
             0) == MAP_FAILED)
        return false;
    mapped += more;
    return true;
}

/* Before main, so that it is in the baseline; take() calls it too, should anybody come earlier. */
__attribute__((constructor)) static void map_arena(void)
{
    if (arena)
        return;
    arena = mmap(NULL, RESERVED_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED)
        _exit(127);
    next = mapped = dirty = arena;
    if (!map_until(arena + FIRST_BYTES))
        _exit(127);
}

/* A lock would be the dearest part of it, and a walk has threads only if its shape asks for them. */
static bool lock(void)
{
    bool needed = !__libc_single_threaded;
    if (needed)
        pthread_mutex_lock(&mutex);
    return needed;
}

static void unlock(bool needed)
{
    if (needed)
        pthread_mutex_unlock(&mutex);
}

/* Sizes stand in front of the blocks, for realloc. */
static size_t size_of(const void *block)
{
    size_t bytes;
    memcpy(&bytes, (const char *)block - sizeof bytes, sizeof bytes);
    return bytes;
}

static char *cut(size_t alignment, size_t bytes)
{
    map_arena();
    uintptr_t at = ((uintptr_t)next + sizeof bytes + alignment - 1) & ~(alignment - 1);
    uintptr_t end = (uintptr_t)arena + RESERVED_BYTES;
    if (at < (uintptr_t)next || at > end || bytes > end - at ||
        ((uintptr_t)mapped < at + bytes && !map_until((char *)at + bytes))) {
        errno = ENOMEM;
        return NULL;
    }
    memcpy((char *)at - sizeof bytes, &bytes, sizeof bytes);
    next = (char *)at + bytes;
    live++;
    return (char *)at;
}

static void *take(size_t alignment, size_t bytes)
{
    bool locked = lock();
    char *block = cut(alignment < ALIGNMENT ? ALIGNMENT : alignment, bytes);
    unlock(locked);
    return block;
}

void *malloc(size_t bytes)
{
    return take(ALIGNMENT, bytes);
}

/* Blocks that are not from here, of before we were loaded, stay where they are. */
static void give_up(void *block)
{
    if (!block || (char *)block < arena || (char *)block > mapped)
        return;
    bool locked = lock();
    if (--live == 0) {
        dirty = next > dirty ? next : dirty;
        next = arena;
    }
    unlock(locked);
}

void free(void *block)
{
    give_up(block);
}

void *calloc(size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    char *block = take(ALIGNMENT, total);
    if (block && block < dirty)
        memset(block, 0, (size_t)(dirty - block) < total ? (size_t)(dirty - block) : total);
    return block;
}

void *realloc(void *block, size_t bytes)
{
    void *moved = take(ALIGNMENT, bytes);
    if (moved && block) {
        memcpy(moved, block, size_of(block) < bytes ? size_of(block) : bytes);
        give_up(block);
    }
    return moved;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return take(alignment, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return take(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = take(alignment, bytes);
    return *block ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *block)
{
    return block ? size_of(block) : 0;
}
