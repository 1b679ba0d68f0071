#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/mailcap.h"
#include "ui/ui-private.h"

/* -- links -- */

static gboolean
has_desktop(void)
{
	const char *display = g_getenv("DISPLAY"), *wayland = g_getenv("WAYLAND_DISPLAY");

	return (display && *display) || (wayland && *wayland);
}

static gboolean
spawn_quietly(const char *const *argv, GError **error)
{
	return g_spawn_async(NULL, (char **)argv, NULL,
	                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
	                     NULL, NULL, NULL, error);
}

static gboolean
may_open(const char *url)
{
	static const char *const schemes[] = {"http://",   "https://",  "mailto:", "ftp://", "ftps://",
	                                      "gopher://", "gemini://", "news:",   "tel:",   "xmpp:"};

	for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (!g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])))
			return TRUE;
	return FALSE;
}

void
ui_open_link(struct ui *ui, const char *url)
{
	const char *argv[] = {"xdg-open", url, NULL};
	g_autoptr(GError) error = NULL;
	g_autofree char *found = g_find_program_in_path("xdg-open");

	if (!may_open(url))
		ui_complain(ui, _("A link of this kind is not opened: %s"), url);
	else if (!found || !has_desktop())
		ui_say(ui, _("There is no desktop to open it with: %s"), url);
	else if (spawn_quietly(argv, &error))
		ui_say(ui, _("Opened %s"), url);
	else
		ui_complain(ui, "%s", error->message);
}

/* -- parts -- */

/* What is to be done with a part, perhaps after it was fetched. */
struct errand {
	guint account;
	msgid id;
	char *section, *type, *name; /* name as the message says, safe to show */
	gboolean save;
};

static struct errand *
errand_new(guint account, msgid id, const struct document_part *part, gboolean save)
{
	struct errand *errand = g_new0(struct errand, 1);

	errand->account = account;
	errand->id = id;
	errand->section = g_strdup(part->section);
	errand->type = g_strdup(part->type);
	errand->name = g_strdup(part->name);
	errand->save = save;
	return errand;
}

static void
errand_free(gpointer data)
{
	struct errand *errand = data;

	g_free(errand->section);
	g_free(errand->type);
	g_free(errand->name);
	g_free(errand);
}

static GBytes *
part_bytes(struct ui *ui, const struct errand *errand)
{
	struct store *store = ui_store(ui, errand->account);
	g_autoptr(GError) error = NULL;
	GBytes *bytes = store ? document_part_bytes(store, errand->id, errand->section, &error) : NULL;

	if (!bytes)
		ui_complain(ui, "%s", error ? error->message : _("The part is not here"));
	return bytes;
}

/* Into a new file of folder; its path, or NULL with error, and then nothing half-written stays. */
static char *
write_new(const char *folder, const char *name, GBytes *bytes, GError **error)
{
	g_autofree char *path = NULL;
	int fd = files_create_new(folder, name, &path, error);
	gboolean ok;

	if (fd < 0)
		return NULL;
	ok = files_write_all(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	if (!ok)
		fulmar_fail(error, FULMAR_FAILED, _("cannot write the file: %s"), g_strerror(errno));
	if (close(fd) != 0 && ok) {
		fulmar_fail(error, FULMAR_FAILED, _("cannot write the file: %s"), g_strerror(errno));
		ok = FALSE;
	}
	if (ok)
		return g_steal_pointer(&path);
	unlink(path);
	return NULL;
}

/* -- saving -- */

static char *
save_folder(const struct ui *ui)
{
	g_autofree char *downloads = files_expand_home("~/Downloads");

	if (ui->conf->pager.save_folder)
		return files_expand_home(ui->conf->pager.save_folder);
	return g_file_test(downloads, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&downloads)
	                                                  : g_strdup(g_get_home_dir());
}

/* A typed path is a folder, or a folder and a name. */
static void
save_to(struct ui *ui, const char *typed, void *user)
{
	const struct errand *errand = user;
	g_autofree char *whole = NULL, *folder = NULL, *base = NULL, *name = NULL, *path = NULL, *size = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) error = NULL;

	if (!typed || !*typed)
		return;
	whole = files_expand_home(typed);
	if (g_file_test(whole, G_FILE_TEST_IS_DIR)) {
		folder = g_strdup(whole);
		name = files_safe_name(errand->name);
	} else {
		folder = g_path_get_dirname(whole);
		base = g_path_get_basename(whole);
		name = files_safe_name(base);
	}
	bytes = part_bytes(ui, errand);
	if (!bytes)
		return;
	path = write_new(folder, name, bytes, &error);
	size = text_size(g_bytes_get_size(bytes));
	if (path)
		ui_say(ui, _("Saved %s (%s)"), path, size);
	else
		ui_complain(ui, "%s", error->message);
}

static void
ask_where(struct ui *ui, struct errand *errand)
{
	g_autofree char *folder = save_folder(ui), *name = files_safe_name(errand->name);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	ui_prompt(ui, _("Save as:"), path, PROMPT_FILE, save_to, errand, errand_free);
}

/* -- opening -- */

static gboolean
test_succeeds(const char *command)
{
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	int status = -1;

	return g_spawn_sync(NULL, (char **)argv, NULL,
	                    G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
	                    &status, NULL) &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A program that wants the terminal gets it; we wait. */
static void
run_in_terminal(struct ui *ui, const char *command, gboolean page)
{
	g_autofree char *paged =
	        page ? g_strdup_printf("{ %s\n} | ${PAGER:-less}", command) : g_strdup(command);
	const char *argv[] = {"/bin/sh", "-c", paged, NULL};
	g_autoptr(GError) error = NULL;
	int status = 0;

	if (ui->term)
		term_leave(ui->term);
	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
	                  &status, &error))
		ui_complain(ui, "%s", error->message);
	if (ui->term)
		term_return(ui->term);
	if (!error && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		ui_complain(ui, _("The program for this type failed: %s"), command);
}

static void
run_entry(struct ui *ui, const struct mailcap_entry *entry, const char *path, const char *type)
{
	gboolean uses_file;
	g_autofree char *command = mailcap_expand(entry->command, path, type, NULL, &uses_file);
	g_autoptr(GError) error = NULL;

	if (!command) {
		ui_complain(ui, _("The mailcap entry for %s cannot be used: %s"), type, entry->command);
		return;
	}
	if (!uses_file) {
		g_autofree char *quoted = g_shell_quote(path);
		char *fed = g_strdup_printf("{ %s\n} < %s", command, quoted);

		g_free(command);
		command = fed;
	}
	if (entry->needs_terminal || entry->copious_output) {
		run_in_terminal(ui, command, entry->copious_output && !entry->needs_terminal);
		return;
	}
	if (spawn_quietly((const char *[]){"/bin/sh", "-c", command, NULL}, &error))
		ui_say(ui, _("Opened %s"), path);
	else
		ui_complain(ui, "%s", error->message);
}

/* mailcap first; else what the desktop has; else say how to keep it. */
static void
open_here(struct ui *ui, const struct errand *errand)
{
	g_autoptr(GBytes) bytes = part_bytes(ui, errand);
	g_autoptr(GPtrArray) entries = mailcap_load();
	const struct mailcap_entry *entry = mailcap_find(entries, errand->type, test_succeeds);
	g_autofree char *desktop = g_find_program_in_path("xdg-open"), *safe = files_safe_name(errand->name),
	                *name = NULL, *path = NULL;
	g_autoptr(GError) error = NULL;

	if (!bytes)
		return;
	if (!entry && !(desktop && has_desktop())) {
		g_autofree char *key = ui_key_of(ui, VIEW_PARTS, ACT_SAVE);

		ui_complain(ui, _("No program for %s: neither mailcap nor a desktop has one; %s saves it"),
		            errand->type, key);
		return;
	}
	if (!ui->temporary && !(ui->temporary = files_private_tmp(&error))) {
		ui_complain(ui, "%s", error->message);
		return;
	}
	name = mailcap_file_name(entry, safe);
	path = write_new(ui->temporary, name, bytes, &error);
	if (!path) {
		ui_complain(ui, "%s", error->message);
		return;
	}
	if (entry)
		run_entry(ui, entry, path, errand->type);
	else if (spawn_quietly((const char *[]){"xdg-open", path, NULL}, &error))
		ui_say(ui, _("Opened %s"), errand->name);
	else
		ui_complain(ui, "%s", error->message);
}

/* -- both -- */

/* Takes the errand. */
static void
run_errand(struct ui *ui, struct errand *errand)
{
	if (errand->save) {
		ask_where(ui, errand);
		return;
	}
	open_here(ui, errand);
	errand_free(errand);
}

static void
part_came(struct ui *ui, const struct job *job, const GError *error)
{
	struct errand *errand = job->user;

	if (!error) {
		run_errand(ui, errand);
		return;
	}
	if (error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	errand_free(errand);
}

static void
start_errand(struct ui *ui, const struct document_part *part, struct errand *errand)
{
	g_autofree char *label = g_strdup_printf(_("Fetching %s"), part->name);
	struct store *store = ui_store(ui, errand->account);
	struct command *command;
	struct job *job;

	if (store && store_has_part(store, errand->id, errand->section)) {
		run_errand(ui, errand);
		return;
	}
	command = command_new(CMD_PART, ui_account_id(ui, errand->account));
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, errand->id);
	command->text = g_strdup(errand->section);
	job = ui_send(ui, errand->account, command, label, part_came);
	if (job) {
		job->user = errand;
		job->free_user = errand_free;
	} else {
		errand_free(errand);
	}
}

void
ui_open_part(struct ui *ui, guint account, msgid id, const struct document_part *part)
{
	start_errand(ui, part, errand_new(account, id, part, FALSE));
}

void
ui_save_part(struct ui *ui, guint account, msgid id, const struct document_part *part)
{
	start_errand(ui, part, errand_new(account, id, part, TRUE));
}
