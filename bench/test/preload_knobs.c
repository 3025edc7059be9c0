/* knobs: a preload that owns malloc and all its kin (the C library does the work), with knobs that read back:
 *   KNOBS_LEVEL=N   a whole number; anything else is ignored in silence, and the level stays 3, as with real ones
 *   KNOBS_DIE=…     the process ends before main */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);
void __libc_free(void *block);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

/* Read from outside through the dynamic symbol table. */
extern int knobs_level;
extern double knobs_rate;
int knobs_get(const char *name, size_t *value);

int knobs_level = 3;
double knobs_rate = 0.25;

int knobs_get(const char *name, size_t *value)
{
    *value = (size_t)knobs_level;
    return strcmp(name, "knobs.level") == 0;
}

__attribute__((constructor)) static void read_knobs(void)
{
    const char *level = getenv("KNOBS_LEVEL");
    char *end;
    long value = level ? strtol(level, &end, 10) : 0;
    if (level && end != level && *end == '\0')
        knobs_level = (int)value;
    if (getenv("KNOBS_DIE"))
        _exit(3);
}

void *malloc(size_t bytes)
{
    return __libc_malloc(bytes);
}

void free(void *block)
{
    __libc_free(block);
}

void *calloc(size_t count, size_t bytes)
{
    return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    return __libc_realloc(block, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = __libc_memalign(alignment, bytes);
    return *block ? 0 : ENOMEM;
}
