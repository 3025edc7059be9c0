#include "tunables.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

/* Is [offset, offset + bytes) in the file? */
static bool lies_in(gsize length, guint64 offset, guint64 bytes)
{
    return offset <= length && bytes <= length - offset;
}

static char *find_loader(const char *image, gsize length)
{
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;
    if (length < sizeof header || memcmp(image, ELFMAG, SELFMAG) != 0 ||
        image[EI_CLASS] != (__ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32))
        return NULL;
    memcpy(&header, image, sizeof header);
    for (guint64 i = 0; i < header.e_phnum; i++) {
        guint64 at = header.e_phoff + i * header.e_phentsize;
        if (!lies_in(length, at, sizeof segment))
            return NULL;
        memcpy(&segment, image + at, sizeof segment);
        if (segment.p_type == PT_INTERP && lies_in(length, segment.p_offset, segment.p_filesz))
            return g_strndup(image + segment.p_offset, segment.p_filesz);
    }
    return NULL;
}

char *tunables_loader(const char *program)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(program, FALSE, NULL);
    return file ? find_loader(g_mapped_file_get_contents(file), g_mapped_file_get_length(file)) : NULL;
}

char *tunables_list(const char *program, char *const *environment)
{
    g_autofree char *loader = tunables_loader(program);
    char option[] = "--list-tunables";
    char *arguments[] = {loader, option, NULL};
    g_autofree char *list = NULL;
    int status;
    if (!loader ||
        !g_spawn_sync(NULL, arguments, (char **)(uintptr_t)environment, G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, &list, NULL, &status, NULL) ||
        !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return NULL;
    return g_steal_pointer(&list);
}

char *tunables_value(const char *list, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
    size_t length = strlen(name);
    for (char **line = lines; *line; line++)
        if (strncmp(*line, name, length) == 0 && g_str_has_prefix(*line + length, ": ")) {
            const char *value = *line + length + 2;
            return g_strndup(value, strcspn(value, " "));
        }
    return NULL;
}
