#include "threads.h"

#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static FILE *open_file(const struct child *child, int id, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)child->pid, id, name);
    return fopen(path, "r");
}

/* false: it has ended. */
static bool await_asleep(const struct child *child, int id)
{
    char state = 'R';
    while (state != 'S') {
        FILE *file = open_file(child, id, "stat");
        if (!file)
            return false;
        int found = fscanf(file, "%*d (%*[^)]) %c", &state);
        fclose(file);
        if (found != 1)
            return false;
        sched_yield();
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static unsigned list(const struct child *child, int ids[THREADS_MAX])
{
    char path[128];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)child->pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (*entry->d_name != '.' && count < THREADS_MAX)
            ids[count++] = atoi(entry->d_name);
    closedir(folder);
    qsort(ids, count, sizeof *ids, by_number);
    return count;
}

void threads_read(const struct child *child, struct threads *threads)
{
    int ids[THREADS_MAX];
    unsigned count = list(child, ids);
    threads->count = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned long long ran = 0;
        FILE *file = await_asleep(child, ids[i]) ? open_file(child, ids[i], "schedstat") : NULL;
        if (!file)
            continue;
        if (fscanf(file, "%llu", &ran) == 1) {
            threads->ids[threads->count] = ids[i];
            threads->ran_ns[threads->count++] = ran;
        }
        fclose(file);
    }
}
