#include "ini.h"

#include "error.h"

#include <string.h>

struct ini {
    char *path;
    GKeyFile *values;
    GHashTable *lines; /* "group" and "group\nkey" to line number */
};

void ini_free(struct ini *ini)
{
    if (!ini)
        return;
    g_free(ini->path);
    g_key_file_unref(ini->values);
    g_hash_table_unref(ini->lines);
    g_free(ini);
}

GKeyFile *ini_values(const struct ini *ini)
{
    return ini->values;
}

static char *place_of(const char *group, const char *key)
{
    return key ? g_strdup_printf("%s\n%s", group, key) : g_strdup(group);
}

static guint line_of(const struct ini *ini, const char *group, const char *key)
{
    g_autofree char *place = place_of(group, key);
    return GPOINTER_TO_UINT(g_hash_table_lookup(ini->lines, place));
}

bool ini_refuse(const struct ini *ini, const char *group, const char *key, GError **error, const char *format,
                ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    guint line = line_of(ini, group, key);
    if (line == 0) /* a missing key is missed in its group */
        line = line_of(ini, group, NULL);
    g_autofree char *colon_line = line > 0 ? g_strdup_printf(":%u", line) : g_strdup("");
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s%s: [%s]%s%s: %s", ini->path, colon_line, group,
                key ? " " : "", key ? key : "", problem);
    return false;
}

char *ini_text(const struct ini *ini, const char *group, const char *key, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = g_key_file_get_string(ini->values, group, key, &cause);
    if (cause) {
        ini_refuse(ini, group, key, error, "%s", cause->message);
        return NULL;
    }
    return g_steal_pointer(&text);
}

static bool note(struct ini *ini, const char *group, const char *key, guint line, GError **error)
{
    guint before = line_of(ini, group, key);
    g_hash_table_replace(ini->lines, place_of(group, key), GUINT_TO_POINTER(line));
    return before == 0 || ini_refuse(ini, group, key, error, "stands in line %u already", before);
}

/* GKeyFile's own grammar: a line is empty, a comment, a group, or a key with a = in a group. `group` is the
 * one we are in, and points into `line` when it begins one. */
static bool note_line(struct ini *ini, char *line, guint number, const char **group, GError **error)
{
    g_strstrip(line);
    char *equals = strchr(line, '=');
    if (*line == '\0' || *line == '#')
        return true;
    if (*line == '[' && g_str_has_suffix(line, "]")) {
        line[strlen(line) - 1] = '\0';
        *group = line + 1;
        return note(ini, *group, NULL, number, error);
    }
    if (*group && equals && equals != line) {
        *equals = '\0';
        return note(ini, *group, g_strchomp(line), number, error);
    }
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA,
                "%s:%u: \"%s\" is no [group], and no key = value in one", ini->path, number, line);
    return false;
}

static bool note_lines(struct ini *ini, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *group = NULL;
    for (guint i = 0; lines[i]; i++)
        if (!note_line(ini, lines[i], i + 1, &group, error))
            return false;
    return true;
}

/* GKeyFile keeps the blanks behind a value. They go before its escapes are undone: \s at the end is meant. */
static char *without_trailing_blanks(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        g_strchomp(*line);
    return g_strjoinv("\n", lines);
}

/* A value nobody asks for, or asks for by a way that takes a failure for absence, would be dropped in silence.
 */
static bool check_values(const struct ini *ini, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(ini->values, NULL);
    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(ini->values, *group, NULL, NULL);
        for (char **key = keys; key && *key; key++) {
            g_autofree char *text = ini_text(ini, *group, *key, error);
            if (!text)
                return false;
        }
    }
    return true;
}

/* Without the flag a key of a foreign locale, summary[de], vanishes instead of being refused. */
static bool parse(GKeyFile *values, const char *text, GError **error)
{
    return g_key_file_load_from_data(values, text, strlen(text), G_KEY_FILE_KEEP_TRANSLATIONS, error);
}

/* GKeyFile does not say where: it is the first line that it refuses alone in a group. */
static guint refused_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_autoptr(GKeyFile) values = g_key_file_new();
        g_autofree char *alone = g_strconcat("[group]\n", lines[i], NULL);
        if (!parse(values, alone, NULL))
            return i + 1;
    }
    return 1;
}

static bool load(struct ini *ini, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *raw = NULL, *text = NULL;
    gsize length;
    if (!g_file_get_contents(ini->path, &raw, &length, &cause)) { /* the message names the path */
        g_set_error_literal(error, AFTERFREE_ERROR, EXIT_BAD_DATA, cause->message);
        return false;
    }
    if (strlen(raw) != length) {
        guint line = 1;
        for (const char *at = raw; *at; at++)
            line += *at == '\n';
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s:%u: a NUL byte", ini->path, line);
        return false;
    }
    text = without_trailing_blanks(raw);
    if (!note_lines(ini, text, error))
        return false;
    if (!parse(ini->values, text, &cause)) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s:%u: %s", ini->path, refused_line(text),
                    cause->message);
        return false;
    }
    return check_values(ini, error);
}

struct ini *ini_read(const char *path, GError **error)
{
    g_autoptr(ini_file) ini = g_new0(struct ini, 1);
    ini->path = g_strdup(path);
    ini->values = g_key_file_new();
    ini->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return load(ini, error) ? g_steal_pointer(&ini) : NULL;
}
