/* collected: a control with known answers that stands for a program in a language with a runtime of its own. Its heap
 * is memory it maps itself, BYTES_PER_RECORD a record; what is dropped is garbage until it is collected, and idle
 * until it is given back. Without a collection a rebuild maps anew, as a runtime does that has not noticed yet.
 * Its functions are heap.Release() (collects, too), heap.Collect(), and the read-backs heap.Limit() and heap.Version().
 * Settings of bench/test/allocators/collected.ini:
 *   LIMIT=N       what heap.Limit() tells
 *   RELEASE=lazy  gives back by MADV_FREE
 *   OWNER=PATH    whose heap it is, it says
 *   HEAP=part     tells of one part of its heap only */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "driver/call_text.h"
#include "driver/die.h"
#include "driver/mark.h"
#include "driver/params.h"

#define BYTES_PER_RECORD 128
#define BLOCKS_MAX 16 /* maps built without a collection in between */

enum state { NONE, LIVE, GARBAGE, IDLE, RELEASED };

static struct block {
    char *memory;
    enum state state;
} blocks[BLOCKS_MAX];

static uint64_t map_bytes;

static struct block *find(enum state state)
{
    for (unsigned i = 0; i < BLOCKS_MAX; i++)
        if (blocks[i].state == state)
            return &blocks[i];
    return NULL;
}

static uint64_t bytes_of(enum state state)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < BLOCKS_MAX; i++)
        bytes += blocks[i].state == state ? map_bytes : 0;
    return bytes;
}

static void become(enum state from, enum state to)
{
    for (struct block *block; (block = find(from));)
        block->state = to;
}

static void build(void)
{
    struct block *block = find(IDLE);
    block = block ? block : find(RELEASED);
    block = block ? block : find(NONE);
    if (block && !block->memory)
        block->memory = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!block || block->memory == MAP_FAILED)
        die(PROTOCOL_EXIT_MEMORY, "mmap failed", NULL);
    memset(block->memory, 1, map_bytes);
    block->state = LIVE;
}

static void collect(void)
{
    become(GARBAGE, IDLE);
}

static void release(void)
{
    const char *how = getenv("RELEASE");
    collect();
    for (unsigned i = 0; i < BLOCKS_MAX; i++)
        if (blocks[i].state == IDLE)
            madvise(blocks[i].memory, map_bytes, how && strcmp(how, "lazy") == 0 ? MADV_FREE : MADV_DONTNEED);
    become(IDLE, RELEASED);
}

/* --- its functions --- */

static const struct function {
    const char *name;
    void (*act)(void);  /* or */
    const char *tells;  /* a variable of the environment */
    const char *if_not; /* what it tells where that is not set */
} functions[] = {{.name = "heap.Release", .act = release},
                 {.name = "heap.Collect", .act = collect},
                 {.name = "heap.Limit", .tells = "LIMIT", .if_not = "-1"},
                 {.name = "heap.Version", .tells = "VERSION", .if_not = "collected1.2.3"}};

static const struct function *look_up(const char *text, struct call_list *list)
{
    const char *wrong = call_parse(list, text);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, text, ": ", wrong, NULL);
    for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, list->calls[0].function) == 0)
            return &functions[i];
    return NULL;
}

static void tell(const char *prefix, const char *key, const char *value)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", prefix, key);
    mark_write_line(name, value);
}

static int probe(char *const *arguments, const char *self)
{
    const char *owner = getenv("OWNER");
    mark_write_line("owner", owner ? owner : self);
    for (; *arguments; arguments++) {
        char *text = strchr(*arguments, '='), key[64];
        struct call_list list;
        snprintf(key, sizeof key, "%.*s", (int)(text - *arguments), *arguments);
        const struct function *function = look_up(text + 1, &list);
        if (!function) {
            tell("missing.", key, list.calls[0].function);
        } else if (function->act) {
            strcat(key, ".");
            tell(key, function->name, self);
        } else {
            const char *value = getenv(function->tells);
            tell("", key, value ? value : function->if_not);
        }
    }
    return PROTOCOL_EXIT_DONE;
}

static void act(const char *text)
{
    struct call_list list;
    const struct function *function = look_up(text, &list);
    if (!function || !function->act)
        die(PROTOCOL_EXIT_MISSING, text, " is not in this process", NULL);
    function->act();
}

/* --- its walk --- */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void run(const struct params *params, const struct step *step)
{
    struct timespec window = {step->window_ms / 1000, step->window_ms % 1000 * 1000000L};
    switch (step->phase) {
    case PHASE_build:
    case PHASE_rebuild:
        build();
        break;
    case PHASE_drop:
    case PHASE_redrop:
    case PHASE_end:
        become(LIVE, GARBAGE);
        break;
    case PHASE_collect:
        act(params->collect);
        break;
    case PHASE_purge:
        act(params->purge);
        break;
    default:
        nanosleep(&window, NULL);
        break;
    }
}

static void write_mark(const char *phase, uint64_t begin_ns, uint64_t end_ns)
{
    const char *part = getenv("HEAP");
    uint64_t live = bytes_of(LIVE), blocks_live = live > 0, idle = bytes_of(IDLE),
             released = bytes_of(RELEASED);
    char line[PROTOCOL_LINE_MAX];
    int length = snprintf(line, sizeof line,
                          "%s begin_ns=%lu end_ns=%lu minor_faults=0 major_faults=0 user_ns=0 sys_ns=0 "
                          "live_bytes=%lu live_blocks=%lu shape_bytes=%lu checksum=0 shape_checksum=0 "
                          "scratch_bytes=0 heap_inuse_bytes=%lu",
                          phase, begin_ns, end_ns, live, blocks_live, live, live + bytes_of(GARBAGE));
    if (!part)
        length += snprintf(line + length, sizeof line - (size_t)length,
                           " heap_idle_bytes=%lu heap_released_bytes=%lu", idle + released, released);
    line[length++] = '\n';
    if (write(PROTOCOL_MARK_FD, line, (size_t)length) != length)
        die(PROTOCOL_EXIT_ORPHAN, "the mark cannot be written", NULL);
    mark_await_go();
}

static void step(const struct params *params, const struct step *step)
{
    uint64_t begin_ns = now_ns();
    run(params, step);
    write_mark(params_phase_names[step->phase], begin_ns, now_ns());
}

int main(int argc, char **argv)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    struct params params;
    const char *culprit;
    die_set_program(argv[0]);
    mark_open();
    self[length > 0 ? length : 0] = '\0';
    if (argc > 1 && strcmp(argv[1], "probe") == 0)
        return probe(argv + 2, self);
    const char *wrong = params_read(&params, argv + 1, &culprit);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, culprit, ": ", wrong, NULL);
    map_bytes = params.shape.records * BYTES_PER_RECORD;
    step(&params, &(struct step){.phase = PHASE_baseline});
    for (unsigned i = 0; i < params.steps; i++)
        step(&params, &params.walk[i]);
    step(&params, &(struct step){.phase = PHASE_end});
    return PROTOCOL_EXIT_DONE;
}
