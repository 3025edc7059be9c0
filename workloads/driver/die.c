#include "driver/die.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const char *program = "workload";

void die_set_program(const char *name)
{
    program = name;
}

static void put(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* nobody is left to tell */
}

void die(int exit_code, const char *text, ...)
{
    put(program);
    put(": ");
    va_list rest;
    va_start(rest, text);
    for (const char *part = text; part; part = va_arg(rest, const char *))
        put(part);
    va_end(rest);
    put("\n");
    _exit(exit_code);
}
