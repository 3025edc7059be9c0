#include "arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define CORNER_BYTES ((size_t)16 << 10)
#define ALIGNMENT ((size_t)16)

pthread_mutex_t arena_mutex = PTHREAD_MUTEX_INITIALIZER;

static char *arena, *next, *top; /* top: the end of all that was ever handed out */
static uint64_t live_blocks;
static _Alignas(16) char corner[CORNER_BYTES];
static size_t corner_used;

static void map_arena(void)
{
    arena =
        mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED)
        _exit(127);
    madvise(arena, ARENA_BYTES, MADV_NOHUGEPAGE); /* refused by a kernel without them: as well */
    next = top = arena;
}

/* Calls once what is called later, so that its pages are in the baseline. */
__attribute__((constructor)) static void start(void)
{
    memset(corner, 0, sizeof corner);
    if (control.start)
        control.start();
    map_arena();
    arena_advise(MADV_DONTNEED);
}

void arena_advise(int advice)
{
    if (arena)
        madvise(arena, (size_t)(top - arena), advice);
}

void arena_give_back(void)
{
    arena_advise(MADV_DONTNEED);
}

uint64_t arena_setting(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

/* --- blocks --- */

/* The next block from `from` on, behind its size; NULL: it does not fit before `end`. */
static char *place(char *from, const char *end, size_t alignment, size_t bytes)
{
    uintptr_t least = (uintptr_t)from + sizeof bytes, limit = (uintptr_t)end;
    uintptr_t at = (least + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (at < least || at > limit || bytes > limit - at)
        return NULL;
    memcpy((char *)at - sizeof bytes, &bytes, sizeof bytes);
    return (char *)at;
}

static char *take_of_corner(size_t alignment, size_t bytes)
{
    char *block = place(corner + corner_used, corner + CORNER_BYTES, alignment, bytes);
    if (block)
        corner_used = (size_t)(block + bytes - corner);
    return block;
}

static char *take_of_arena(size_t alignment, size_t bytes)
{
    char *block = place(next, arena + ARENA_BYTES, alignment, bytes);
    if (!block)
        return NULL;
    next = block + bytes;
    top = next > top ? next : top;
    live_blocks++;
    if (control.after_malloc)
        control.after_malloc(block, bytes);
    return block;
}

static void *take(size_t alignment, size_t bytes)
{
    char *block = NULL;
    alignment = alignment < ALIGNMENT ? ALIGNMENT : alignment;
    pthread_mutex_lock(&arena_mutex);
    if (!arena)
        block = take_of_corner(alignment, bytes);
    else if (!control.before_malloc || control.before_malloc(bytes))
        block = take_of_arena(alignment, bytes);
    pthread_mutex_unlock(&arena_mutex);
    if (!block)
        errno = ENOMEM;
    return block;
}

static void leave(char *block)
{
    if (!arena || block < arena || block >= arena + ARENA_BYTES)
        return;
    pthread_mutex_lock(&arena_mutex);
    if ((!control.before_free || control.before_free()) && --live_blocks == 0) {
        next = arena;
        if (control.all_free)
            control.all_free();
    }
    pthread_mutex_unlock(&arena_mutex);
}

/* --- what a preload defines --- */

void *malloc(size_t bytes)
{
    return take(ALIGNMENT, bytes);
}

void free(void *block)
{
    int before = errno;
    if (block)
        leave(block);
    errno = before;
}

void *calloc(size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = take(ALIGNMENT, total);
    return block ? memset(block, 0, total) : NULL; /* the arena has been used before */
}

void *realloc(void *block, size_t bytes)
{
    void *other = take(ALIGNMENT, bytes);
    if (other && block) {
        size_t before;
        memcpy(&before, (char *)block - sizeof before, sizeof before);
        memcpy(other, block, before < bytes ? before : bytes);
        leave(block);
    }
    return other;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return take(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    void *aligned = take(alignment, bytes);
    if (!aligned)
        return ENOMEM;
    *block = aligned;
    return 0;
}

int control_purge(void);

int control_purge(void)
{
    pthread_mutex_lock(&arena_mutex);
    if (control.purge)
        control.purge();
    pthread_mutex_unlock(&arena_mutex);
    return 0;
}
