#include "backend/maildir/subscriptions.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/disk.h"
#include "backend/maildir/wire.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

#define FILE_OCTETS (4 * 1024 * 1024)

/* Lines are names in modified UTF-7 or as the tree has them: "Lists.harbour"; since Dovecot 2.2.34, after a
 * head, with tabs between levels; Courier's all begin with INBOX. */
enum form { FORM_NONE, FORM_LINES, FORM_TABS, FORM_COURIER };

static const char tabs_head[] = "V\t2\n\n";

struct subscriptions {
	enum form form;
	char *path;
	GPtrArray *lines; /* char * */
	mode_t mode;
};

void
subscriptions_free(struct subscriptions *subscriptions)
{
	if (!subscriptions)
		return;
	g_ptr_array_unref(subscriptions->lines);
	g_free(subscriptions->path);
	g_free(subscriptions);
}

/* ---- names ---- */

/* Dovecot's way of writing what must not stand in a field (lib/strescape). */
static void
append_escaped(GString *line, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		const char *plain = "\001\t\r\n", *at = text[i] ? strchr(plain, text[i]) : NULL;

		if (at)
			g_string_append_printf(line, "\001%c", "1trn"[at - plain]);
		else
			g_string_append_c(line, text[i]);
	}
}

/* The line for a folder. Gives (g_free). */
static char *
line_of(enum form form, const char *wire, char delimiter)
{
	const char *name = *wire == '.' && wire[1] ? wire + 1 : wire;
	GString *line;

	if (strcmp(wire, ".") == 0)
		return g_strdup("INBOX");
	if (form == FORM_COURIER)
		return g_strconcat("INBOX.", name, NULL);
	if (form != FORM_TABS)
		return g_strdup(name);
	line = g_string_new(NULL);
	for (const char *end; *name; name = *end ? end + 1 : end) {
		end = strchr(name, delimiter);
		if (!end)
			end = name + strlen(name);
		append_escaped(line, name, (gsize)(end - name));
		if (*end)
			g_string_append_c(line, '\t');
	}
	return g_string_free(line, FALSE);
}

static char
separator_of(enum form form, char delimiter)
{
	return form == FORM_TABS ? '\t' : delimiter;
}

static gint
find_line(const struct subscriptions *subscriptions, const char *line)
{
	for (guint i = 0; i < subscriptions->lines->len; i++)
		if (strcmp(subscriptions->lines->pdata[i], line) == 0)
			return (gint)i;
	return -1;
}

gboolean
subscriptions_have(const struct subscriptions *subscriptions, const char *wire, char delimiter)
{
	g_autofree char *line = line_of(subscriptions->form, wire, delimiter);

	return subscriptions->form == FORM_NONE || strcmp(line, "INBOX") == 0 ||
	       find_line(subscriptions, line) >= 0;
}

/* ---- reading ---- */

static gboolean
read_lines(struct subscriptions *subscriptions, const char *text)
{
	gboolean tabs = g_str_has_prefix(text, "V\t2\n");
	g_auto(GStrv) lines = g_strsplit(tabs ? text + 4 : text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (**line)
			g_ptr_array_add(subscriptions->lines, g_strdup(*line));
	return tabs;
}

/* FALSE without error: it is not there. */
static gboolean
read_file(struct subscriptions *subscriptions, const char *root, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(root, name, NULL), *text = NULL;
	g_autoptr(GError) problem = NULL;
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT)
		return FALSE;
	if (st.st_size > FILE_OCTETS) {
		fulmar_fail(error, FULMAR_FAILED, _("%s is no list of folders: it is too big"), path);
		return FALSE;
	}
	if (!g_file_get_contents(path, &text, NULL, &problem)) {
		fulmar_fail(error, FULMAR_FAILED, "%s", problem->message);
		return FALSE;
	}
	subscriptions->mode = st.st_mode & 0777;
	subscriptions->path = g_steal_pointer(&path);
	subscriptions->form = read_lines(subscriptions, text) ? FORM_TABS : FORM_LINES;
	return TRUE;
}

struct subscriptions *
subscriptions_read(const char *root, GError **error)
{
	struct subscriptions *subscriptions = g_new0(struct subscriptions, 1);
	GError *problem = NULL;

	subscriptions->mode = 0600;
	subscriptions->lines = g_ptr_array_new_with_free_func(g_free);
	if (!read_file(subscriptions, root, "subscriptions", &problem) && !problem &&
	    read_file(subscriptions, root, "courierimapsubscribed", &problem))
		subscriptions->form = FORM_COURIER;
	if (!problem)
		return subscriptions;
	g_propagate_error(error, problem);
	subscriptions_free(subscriptions);
	return NULL;
}

/* ---- writing ---- */

static gboolean
write_lines(int fd, const struct subscriptions *subscriptions)
{
	g_autoptr(GString) text = g_string_new(subscriptions->form == FORM_TABS ? tabs_head : NULL);

	for (guint i = 0; i < subscriptions->lines->len; i++)
		g_string_append_printf(text, "%s\n", (const char *)subscriptions->lines->pdata[i]);
	return files_write_all(fd, text->str, text->len) && fchmod(fd, subscriptions->mode) == 0;
}

static gboolean
commit(int fd, const char *lock, const struct subscriptions *subscriptions, GError **error)
{
	gboolean ok = write_lines(fd, subscriptions);

	if (!ok)
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), subscriptions->path,
		            g_strerror(errno));
	return ok && files_commit(fd, lock, subscriptions->path, error);
}

typedef gboolean (*edit)(struct subscriptions *subscriptions, const void *user);

/* Under the lock, which is Dovecot's and the new file itself: reads, lets change what is in it (FALSE:
 * nothing changed), writes. */
static gboolean
edit_file(const char *root, gboolean make, edit change, const void *user, GError **error)
{
	struct subscriptions *subscriptions = subscriptions_read(root, error);
	g_autofree char *lock = NULL;
	gboolean ok = subscriptions != NULL, written = FALSE;
	int fd = -1;

	if (ok && (make || subscriptions->form != FORM_NONE)) {
		if (!subscriptions->path)
			subscriptions->path = g_build_filename(root, "subscriptions", NULL);
		lock = g_strconcat(subscriptions->path, ".lock", NULL);
		fd = disk_lock(lock, error);
		subscriptions_free(subscriptions);
		subscriptions = fd >= 0 ? subscriptions_read(root, error) : NULL;
		ok = subscriptions != NULL;
	}
	if (ok && fd >= 0 && !subscriptions->path)
		subscriptions->path = g_build_filename(root, "subscriptions", NULL);
	if (ok && fd >= 0 && change(subscriptions, user))
		ok = written = commit(fd, lock, subscriptions, error);
	/* Else it is the file now. */
	if (fd >= 0 && !written)
		unlink(lock);
	if (fd >= 0)
		close(fd);
	subscriptions_free(subscriptions);
	return ok;
}

struct setting {
	char *const *wires, *const *all;
	char delimiter;
	gboolean on;
};

static gboolean
set_one(struct subscriptions *subscriptions, const char *wire, char delimiter, gboolean on)
{
	g_autofree char *line = line_of(subscriptions->form, wire, delimiter);
	gint at = find_line(subscriptions, line);

	if (on == (at >= 0))
		return FALSE;
	if (on)
		g_ptr_array_add(subscriptions->lines, g_steal_pointer(&line));
	else
		g_ptr_array_remove_index(subscriptions->lines, (guint)at);
	return TRUE;
}

static gboolean
set_all(struct subscriptions *subscriptions, const void *user)
{
	const struct setting *setting = user;
	gboolean changed = FALSE;

	if (subscriptions->form == FORM_NONE) {
		subscriptions->form = FORM_LINES;
		for (char *const *wire = setting->all; wire && *wire; wire++)
			changed |= set_one(subscriptions, *wire, setting->delimiter, TRUE);
	}
	for (char *const *wire = setting->wires; *wire; wire++)
		changed |= set_one(subscriptions, *wire, setting->delimiter, setting->on);
	return changed;
}

gboolean
subscriptions_set(const char *root, char *const *wires, char delimiter, gboolean on, char *const *all,
                  GError **error)
{
	struct setting setting = {wires, all, delimiter, on};

	return edit_file(root, all != NULL, set_all, &setting, error);
}

struct renaming {
	const char *from, *to;
	char delimiter;
};

static gboolean
rename_all(struct subscriptions *subscriptions, const void *user)
{
	const struct renaming *renaming = user;
	g_autofree char *from = line_of(subscriptions->form, renaming->from, renaming->delimiter);
	g_autofree char *to = line_of(subscriptions->form, renaming->to, renaming->delimiter);
	gboolean changed = FALSE;

	for (guint i = 0; i < subscriptions->lines->len; i++) {
		char **line = (char **)&subscriptions->lines->pdata[i], *renamed;
		const char *rest;

		if (!wire_is_at(*line, from, separator_of(subscriptions->form, renaming->delimiter), &rest))
			continue;
		renamed = g_strconcat(to, rest, NULL);
		g_free(*line);
		*line = renamed;
		changed = TRUE;
	}
	return changed;
}

gboolean
subscriptions_rename(const char *root, const char *from, const char *to, char delimiter, GError **error)
{
	struct renaming renaming = {from, to, delimiter};

	return edit_file(root, FALSE, rename_all, &renaming, error);
}
