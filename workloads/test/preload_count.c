/* count: a preload that counts each call of an allocator and its bytes, apart from the driver's own count,
 * and lets glibc do the work. COUNT_FD names a descriptor with a `struct count`, mapped by the constructor;
 * calls before that are counted too. With more than one thread the order of the calls, and so their sequence, means
 * nothing. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "count.h"

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

void *memalign(size_t alignment, size_t bytes);
size_t malloc_usable_size(void *block);

/* Stands right before each block. */
struct header {
    size_t bytes; /* as asked for */
    void *base;   /* what glibc gave */
};

static struct count early, *count = &early;

__attribute__((constructor)) static void share(void)
{
    const char *text = getenv("COUNT_FD");
    if (!text)
        return;
    struct count *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, text[0] - '0', 0);
    if (shared == MAP_FAILED)
        abort();
    early.limit_bytes = shared->limit_bytes;
    *shared = early;
    count = shared;
}

static void note(char operation, size_t bytes)
{
    atomic_fetch_add(&count->calls, 1);
    count->sequence = (count->sequence ^ (unsigned char)operation) * UINT64_C(0x100000001B3);
    count->sequence = (count->sequence ^ bytes) * UINT64_C(0x9E3779B97F4A7C15);
    count->sequence ^= count->sequence >> 32;
}

static struct header *header_of(void *block)
{
    return (struct header *)block - 1;
}

/* `room` bytes before the block, at least a header. */
static void *hand_out(void *base, size_t room, size_t bytes)
{
    if (!base)
        return NULL;
    void *block = (char *)base + room;
    *header_of(block) = (struct header){.bytes = bytes, .base = base};
    atomic_fetch_add(&count->live_blocks, 1);
    atomic_fetch_add(&count->live_bytes, bytes);
    return block;
}

static void take_back(void *block)
{
    if (!block)
        return;
    atomic_fetch_sub(&count->live_blocks, 1);
    atomic_fetch_sub(&count->live_bytes, header_of(block)->bytes);
    __libc_free(header_of(block)->base);
}

/* Sets errno when there is to be no memory. */
static int refuses(size_t bytes)
{
    size_t whole, live = count->live_bytes;
    if (!__builtin_add_overflow(bytes, live + 4096, &whole) &&
        (count->limit_bytes == 0 || live + bytes <= count->limit_bytes))
        return 0;
    errno = ENOMEM;
    return 1;
}

static void *aligned(size_t alignment, size_t bytes)
{
    size_t room = alignment < sizeof(struct header) ? sizeof(struct header) : alignment;
    return refuses(bytes) ? NULL : hand_out(__libc_memalign(room, room + bytes), room, bytes);
}

void *malloc(size_t bytes)
{
    note('m', bytes);
    if (refuses(bytes))
        return NULL;
    return hand_out(__libc_malloc(sizeof(struct header) + bytes), sizeof(struct header), bytes);
}

void free(void *block)
{
    note('f', block ? header_of(block)->bytes : 0);
    take_back(block);
}

void *calloc(size_t number, size_t bytes)
{
    size_t whole;
    if (__builtin_mul_overflow(number, bytes, &whole))
        whole = SIZE_MAX;
    note('c', whole);
    if (refuses(whole))
        return NULL;
    return hand_out(__libc_calloc(1, sizeof(struct header) + whole), sizeof(struct header), whole);
}

void *realloc(void *block, size_t bytes)
{
    note('r', bytes);
    if (refuses(bytes))
        return NULL;
    void *grown = hand_out(__libc_malloc(sizeof(struct header) + bytes), sizeof(struct header), bytes);
    if (grown && block) {
        size_t before = header_of(block)->bytes;
        memcpy(grown, block, before < bytes ? before : bytes);
        take_back(block);
    }
    return grown;
}

void *memalign(size_t alignment, size_t bytes)
{
    note('a', bytes);
    return aligned(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    note('a', bytes);
    return aligned(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    note('a', bytes);
    void *memory = aligned(alignment, bytes);
    if (!memory)
        return ENOMEM;
    *block = memory;
    return 0;
}

size_t malloc_usable_size(void *block)
{
    return block ? header_of(block)->bytes : 0;
}
