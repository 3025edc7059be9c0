/* faulty: a control that does wrong on purpose, as its environment variable FAULT says; without it, a well
 * behaved list. Its descriptor, bench/test/allocators/faulty.ini, has a setting per fault:
 *   crash     SIGSEGV in build           kill      SIGKILL in drop, as the kernel does when memory is out
 *   exit      exit code 3 in drop        hang      build never ends
 *   miscount  holds a block more than the shape says
 *   corrupt   changes a letter of the newest record
 *   garbage   writes a line of its own to the mark descriptor
 *   half      writes the beginning of a mark and waits        closed    closes the mark descriptor and waits
 *   heap      writes 100 MB to the mark descriptor            lines     writes 100 MB of lines to it
 *   fork      has a child that waits, fork-session one in a session of its own, fork-gone one that has ended,
 *             fork-exit leaves one behind: exit code 6
 *   deaf      ignores SIGTERM and waits                       stop      stops itself
 *   flood     writes 200 MB to stdout                         chatty    writes 100 kB to stdout, and goes on
 *   uncounted times one delete more than there are records (with latency=yes)
 *   timed     writes a line on latency in build, asked for or not
 *   misnamed  writes in build the line on latency of another phase
 *   echo      writes its environment to the file $ECHO; echo-exit ends then with exit code 3 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/protocol.h"
#include "test/list.h"

#define TIMED "latency phase=build clock=tsc count=0 shape_count=0\n"
#define MISNAMED "latency phase=drop clock=tsc count=0 shape_count=0\n"

static bool fault(const char *name)
{
    const char *asked = getenv("FAULT");
    return asked && strcmp(asked, name) == 0;
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static void say(int fd, const char *text, size_t bytes)
{
    static char page[4096];
    size_t length = strlen(text);
    for (size_t at = 0; at < sizeof page; at++)
        page[at] = text[at % length];
    for (ssize_t written; bytes > 0; bytes -= (size_t)written)
        if ((written = write(fd, page, bytes < sizeof page ? bytes : sizeof page)) <= 0)
            _exit(4);
}

/* Returns when the child is what it is to be. */
static void have_child(void)
{
    int told[2];
    char byte = 0;
    if (pipe(told) != 0)
        _exit(7);
    pid_t child = fork();
    if (child == 0) {
        if (fault("fork-gone"))
            _exit(0);
        if (fault("fork-session"))
            setsid();
        if (write(told[1], &byte, 1) == 1)
            wait_for_ever();
    }
    if (fault("fork-gone"))
        waitpid(child, NULL, 0);
    else if (read(told[0], &byte, 1) != 1 || fault("fork-exit"))
        _exit(6);
}

static void echo(void)
{
    int fd = open(getenv("ECHO"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (char **line = environ; *line; line++)
        if (write(fd, *line, strlen(*line) + 1) < 0)
            _exit(5);
    close(fd);
}

static void misbehave(void)
{
    if (fault("half"))
        say(PROTOCOL_MARK_FD, "build begin_ns=", 15);
    if (fault("heap"))
        say(PROTOCOL_MARK_FD, "x", 100000000);
    if (fault("lines"))
        say(PROTOCOL_MARK_FD, "line\n", 100000000);
    if (fault("closed"))
        close(PROTOCOL_MARK_FD);
    if (fault("deaf"))
        signal(SIGTERM, SIG_IGN);
    if (fault("hang") || fault("half") || fault("closed") || fault("deaf"))
        wait_for_ever();
    if (fault("fork") || fault("fork-session") || fault("fork-gone") || fault("fork-exit"))
        have_child();
    if (fault("stop"))
        raise(SIGSTOP);
    if (fault("flood"))
        say(STDOUT_FILENO, "flood\n", 200000000);
    if (fault("chatty"))
        say(STDOUT_FILENO, "chat\n", 100000);
    if (fault("echo") || fault("echo-exit"))
        echo();
    if (fault("echo-exit"))
        _exit(3);
}

static void build(void *map, const struct batch *batch)
{
    list_build(map, batch);
    if (fault("crash"))
        raise(SIGSEGV);
    misbehave();
    if (fault("miscount"))
        *(char *)block_alloc(1) = 1;
    if (fault("corrupt"))
        ((struct list *)map)->head->record.key[0] ^= 1;
    if (fault("timed") && write(PROTOCOL_MARK_FD, TIMED, sizeof TIMED - 1) < 0)
        _exit(1);
    if (fault("misnamed") && write(PROTOCOL_MARK_FD, MISNAMED, sizeof MISNAMED - 1) < 0)
        _exit(1);
    if (fault("garbage") && write(PROTOCOL_MARK_FD, "nonsense\n", 9) < 0)
        _exit(1);
}

static void drop(void *map, const struct batch *batch)
{
    if (fault("kill"))
        raise(SIGKILL);
    if (fault("exit"))
        _exit(3);
    list_drop(map, batch);
    if (fault("uncounted"))
        record_done();
}

const struct workload workload = {
    .map_bytes = sizeof(struct list),
    .build = build,
    .check = list_check,
    .drop = drop,
    .table_bytes = list_table_bytes,
};
