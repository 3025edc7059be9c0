#include "harness.h"

#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_S 60 /* longer than any walk of the tests by far */
#define WORDS_MAX 16

static char running[CHILD_TITLE_MAX]; /* the title of the last child */

static void say_hung(int signal_number)
{
    static const char hangs[] = " hangs\n";
    (void)signal_number;
    if (write(STDERR_FILENO, running, strlen(running)) > 0)
        _exit(write(STDERR_FILENO, hangs, sizeof hangs - 1) > 0 ? 1 : 2);
    _exit(2);
}

/* Pipes and files of the parent are far above the numbers a child expects them at. */
static int raise_fd(int fd)
{
    int raised = fcntl(fd, F_DUPFD_CLOEXEC, 16);
    assert_true(raised >= 16);
    close(fd);
    return raised;
}

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    ends[0] = raise_fd(ends[0]);
    ends[1] = raise_fd(ends[1]);
}

static void place(int fd, int target)
{
    if (dup2(fd, target) < 0)
        _exit(126);
}

static _Noreturn void become(const struct start *start, char *title)
{
    char preload[1024], count[32];
    char *words[WORDS_MAX + 1], *environment[3] = {NULL};
    unsigned word_count = 0, variables = 0;
    for (char *rest, *word = strtok_r(title, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (word_count < WORDS_MAX)
            words[word_count++] = word;
    words[word_count] = NULL;
    if (start->preload) {
        snprintf(preload, sizeof preload, "LD_PRELOAD=%s", start->preload);
        environment[variables++] = preload;
    }
    if (start->count_fd > 0) {
        snprintf(count, sizeof count, "COUNT_FD=%d", CHILD_COUNT_FD);
        environment[variables++] = count;
    }
    if (start->fixed_addresses)
        personality(ADDR_NO_RANDOMIZE);
    execve(start->program, words, environment);
    _exit(127);
}

void child_start(struct child *child, const struct start *start)
{
    int mark[2], go[2];
    snprintf(child->title, sizeof child->title, "%s %s", workloads_name(start->program),
             start->arguments ? start->arguments : "");
    memcpy(running, child->title, sizeof running);
    signal(SIGALRM, say_hung);
    alarm(HANG_S);
    make_pipe(mark);
    make_pipe(go);
    if (start->marks_unread)
        close(mark[0]);
    child->error_fd = raise_fd(memfd_create("errors", MFD_CLOEXEC));
    int count_fd = start->count_fd > 0 ? fcntl(start->count_fd, F_DUPFD_CLOEXEC, 16) : -1;
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        place(mark[1], PROTOCOL_MARK_FD);
        place(go[0], PROTOCOL_GO_FD);
        place(child->error_fd, STDOUT_FILENO);
        place(child->error_fd, STDERR_FILENO);
        if (count_fd >= 0)
            place(count_fd, CHILD_COUNT_FD);
        become(start, child->title);
    }
    close(mark[1]);
    close(go[0]);
    if (count_fd >= 0)
        close(count_fd);
    child->mark_fd = start->marks_unread ? -1 : mark[0];
    child->go_fd = go[1];
}

bool child_read_line(struct child *child, char line[PROTOCOL_LINE_MAX])
{
    for (size_t length = 0; length < PROTOCOL_LINE_MAX; length++) {
        ssize_t got = read(child->mark_fd, &line[length], 1);
        if (got == 0 && length == 0)
            return false;
        if (got != 1)
            fail_msg("%s: a mark breaks off", child->title);
        if (line[length] == '\n') {
            line[length] = '\0';
            return true;
        }
    }
    fail_msg("%s: a mark is longer than the protocol allows", child->title);
    return false;
}

/* " name=number" at *text. */
static bool take_field(char **text, const char *name, uint64_t *number)
{
    size_t length = strlen(name);
    char *at = *text;
    if (*at != ' ' || strncmp(at + 1, name, length) != 0 || at[length + 1] != '=')
        return false;
    at += length + 2;
    if (*at < '0' || *at > '9')
        return false;
    *number = strtoull(at, text, 10);
    return true;
}

bool child_read_mark(struct child *child, struct told *told)
{
    char line[PROTOCOL_LINE_MAX];
    *told = (struct told){.latency = ""};
    do {
        if (!child_read_line(child, line))
            return false;
        if (strncmp(line, "latency ", 8) == 0)
            memcpy(told->latency, line, sizeof line);
    } while (*told->latency && strcmp(line, told->latency) == 0);
    size_t length = strcspn(line, " ");
    char *text = line + length;
    bool good = length < sizeof told->phase;
#define X(name) good = good && take_field(&text, #name, &told->mark.name);
    PROTOCOL_MARK_FIELDS(X)
#undef X
    if (*text) {
#define X(name) good = good && take_field(&text, #name, &told->name);
        PROTOCOL_HEAP_FIELDS(X)
#undef X
    }
    if (!good || *text)
        fail_msg("%s: not a mark: %s", child->title, line);
    memcpy(told->phase, line, length);
    told->phase[length] = '\0';
    return true;
}

void child_go(struct child *child)
{
    assert_int_equal(write(child->go_fd, "g", 1), 1);
}

void child_await_parked(const struct child *child)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child->pid);
    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = read(fd, text, sizeof text - 1);
        close(fd);
        if (got <= 0)
            fail_msg("%s: no %s", child->title, path);
        text[got] = '\0';
        const char *state = strrchr(text, ')');
        if (state && state[2] == 'S')
            return;
        if (!state || state[2] == 'Z')
            fail_msg("%s: ended instead of waiting for its go", child->title);
        sched_yield();
    }
}

int child_end_with_errors(struct child *child, char *errors, size_t bytes)
{
    int status;
    close(child->go_fd);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    alarm(0);
    if (child->mark_fd >= 0)
        close(child->mark_fd);
    ssize_t got = pread(child->error_fd, errors, bytes - 1, 0);
    assert_true(got >= 0);
    errors[got] = '\0';
    close(child->error_fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_end(struct child *child)
{
    char errors[4096];
    int code = child_end_with_errors(child, errors, sizeof errors);
    if (*errors)
        print_message("%s: %s", child->title, errors);
    return code;
}

unsigned child_walk(const struct start *start, struct told marks[CHILD_MARKS_MAX])
{
    struct child child;
    unsigned count = 0;
    char errors[4096];
    child_start(&child, start);
    for (; count < CHILD_MARKS_MAX && child_read_mark(&child, &marks[count]); count++)
        child_go(&child);
    int code = child_end_with_errors(&child, errors, sizeof errors);
    if (code != PROTOCOL_EXIT_DONE || *errors)
        fail_msg("%s: ended with %d after %u marks: %s", child.title, code, count, errors);
    return count;
}

const struct mark *told_of(const struct told *marks, unsigned count, const char *phase)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(marks[i].phase, phase) == 0)
            return &marks[i].mark;
    fail_msg("%s: no mark %s", running, phase);
    return NULL;
}

unsigned programs_each(const char *pattern, void (*check)(const char *program))
{
    glob_t found;
    unsigned count = 0;
    if (glob(pattern, GLOB_MARK, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = workloads_name(found.gl_pathv[i]);
        /* Not folders, libraries, files of the build, or the tests themselves. */
        if (!*name || strchr(name, '.') || strncmp(name, "test_", 5) == 0 ||
            access(found.gl_pathv[i], X_OK) != 0)
            continue;
        check(found.gl_pathv[i]);
        count++;
    }
    globfree(&found);
    return count;
}

/* A program FOLDER/NAME for each source PREFIX NAME.c: what has none is not behind the wall. */
static unsigned each_of(const char *prefix, const char *folder, void (*check)(const char *program))
{
    glob_t found;
    char pattern[512], program[512];
    snprintf(pattern, sizeof pattern, "%s*.c", prefix);
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen(prefix);
        snprintf(program, sizeof program, "%s/%.*s", folder, (int)(strlen(name) - strlen(".c")), name);
        if (access(program, X_OK) != 0)
            fail_msg("%s is not built", program);
        check(program);
    }
    unsigned count = (unsigned)found.gl_pathc;
    globfree(&found);
    return count;
}

void workloads_each(void (*check)(const char *program))
{
    assert_true(each_of(TEST_SOURCE_DIR "/workloads/", TEST_BUILD_DIR "/workloads", check) > 0);
    assert_true(
        each_of(TEST_SOURCE_DIR "/workloads/test/workload_", TEST_BUILD_DIR "/workloads/test", check) > 0);
}

void require_go(void)
{
    if (!TEST_HAS_GO) {
        print_message("no go when this was configured (package golang-go), so there is no go_map\n");
        skip();
    }
}

const char *workloads_name(const char *program)
{
    const char *slash = strrchr(program, '/');
    return slash ? slash + 1 : program;
}
