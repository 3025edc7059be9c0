/* afterfree: what stays resident after free(). */
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "error.h"

static const struct {
    const char *name, *purpose;
    int (*run)(int argc, char **argv, GError **error);
} commands[] = {
    {"run", "run a plan and write a run folder", command_run},
    {"cost", "time a plan: what giving back costs, in rounds, through Google Benchmark", command_cost},
    {"list", "show allocators, cells and environments of a plan; run nothing", command_list},
    {"check", "prove allocators and settings: what is asked, what is in force", command_check},
    {"summary", "summarise a run folder again and print its table", command_summary},
    {"selftest", "check the suite on this machine: allocators with known answers", command_selftest},
    {"compare", "compare two run folders, cell by cell: memory and price; for CI with a budget",
     command_compare},
};

static void print_help(FILE *out)
{
    fputs("afterfree: a job fills a huge map and drops it; what stays resident after free(), for how long,\n"
          "and what does giving it back cost?\n\n",
          out);
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(out, "  afterfree %-8s  %s\n", commands[i].name, commands[i].purpose);
    fputs("\nIs the suite right on this machine? `afterfree selftest` takes some 10 seconds to tell.\n"
          "Each has --help; the exit codes are told by `afterfree run --help`. `afterfree --version` "
          "prints the\n"
          "version.\n",
          out);
}

static int report(int code, const GError *error)
{
    if (code >= 0)
        return code;
    fprintf(stderr, "afterfree: %s\n", error->message);
    return error->domain == AFTERFREE_ERROR ? error->code : EXIT_SYSTEM;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const char *word = argc > 1 ? argv[1] : "";
    setlocale(LC_CTYPE, "");
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(word, commands[i].name) == 0) {
            int code = commands[i].run(argc - 1, argv + 1, &error);
            return report(code, error);
        }
    if (strcmp(word, "--version") == 0) {
        puts("afterfree " AFTERFREE_VERSION);
        return EXIT_PROVEN;
    }
    bool asked = strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
    if (!asked && *word)
        fprintf(stderr, "afterfree: there is no subcommand \"%s\"\n\n", word);
    print_help(asked ? stdout : stderr);
    return asked ? EXIT_PROVEN : EXIT_USAGE;
}
