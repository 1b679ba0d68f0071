/* fulmar import: messages out of files into a folder, a batch at a time. Each batch is durable here before
 * its IDs are printed, and goes to the server before the next one is read: neither memory nor the journal
 * grow with what there is to import. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/app.h"
#include "app/import-plan.h"
#include "app/known.h"
#include "app/ready.h"
#include "app/report.h"
#include "app/session.h"
#include "app/source.h"
#include "backend/maildir/tree.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/account.h"

enum {
	BATCH_MESSAGES = 1000,
	BATCH_OCTETS = 16 << 20,
	IN_VAIN = 10,
	LINES_MOST = 20,
	PROGRESS_EVERY = 100000 /* µs */
};

struct import {
	struct app *app;
	const struct conf_account *account;
	const char *typed; /* the folder on the command line; NULL: the account alone */
	GPtrArray *plan;   /* struct import_item * */
	gboolean looked;   /* for folders that are new */
	gboolean vain;     /* none of it is taken */
	/* the folder whose turn it is */
	char *folder; /* as it was asked for, NULL: none yet */
	char *path;   /* as it is or is to be */
	guint before; /* messages dealt with when its turn came */
	/* all of it */
	enum mbox_dialect dialect;
	struct session *session;
	GHashTable *known; /* NULL: duplicates are taken too */
	int lock;          /* of those who leave out duplicates; -1 none */
	GPtrArray *batch;  /* struct bus_message * */
	gsize octets;      /* in it */
	gint64 step;
	guint done, duplicates, left_out;
	gboolean queued;  /* not all is on the server yet */
	gboolean no_link; /* and it cannot be reached */
	gint64 refused;   /* by the server */
	guint in_vain;    /* messages of the last batches of which it took none */
	char *why;
	gint64 shown; /* when progress was, µs */
};

/* ---- progress ---- */

static void
clear_progress(struct import *import)
{
	if (import->shown)
		fputs("\r\033[K", stderr);
	import->shown = 0;
}

static void
show_progress(struct import *import, const struct source *source, const char *path)
{
	gint64 now = g_get_monotonic_time();
	int percent = source_percent(source);
	g_autofree char *name = NULL, *safe = NULL;
	guint n = import->done + import->batch->len;

	if (!isatty(STDERR_FILENO) || now - import->shown < PROGRESS_EVERY)
		return;
	import->shown = now;
	name = g_path_get_basename(path);
	safe = text_safe(name, -1);
	if (percent < 0)
		fprintf(stderr, "\r%s: %u\033[K", safe, n);
	else
		fprintf(stderr, "\r%s: %u (%d %%)\033[K", safe, n, percent);
	fflush(stderr);
}

static void
tell(const char *line, gboolean left_out, void *user)
{
	struct import *import = user;

	import->left_out += left_out;
	if (left_out && import->left_out > LINES_MOST)
		return;
	clear_progress(import);
	report_error(line);
}

/* ---- a batch ---- */

static void
print_id(const struct import *import, const char *id)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!import->app->cli.json) {
		report_line(id);
		return;
	}
	json_open(out, NULL, '{');
	json_text(out, "id", id);
	json_text(out, "folder", import->path);
	json_text(out, "state", import->queued ? "queued" : "done");
	json_close(out, '}');
	report_line(out->str);
}

/* What becomes of a message that the server refuses is told at the end: the others go on, unless it takes
 * none at all. */
static gboolean
look_at_journal(struct import *import, GError **error)
{
	struct store *store = app_store(import->account, error);
	gint64 waiting, failed, before = import->refused;

	if (!store)
		return FALSE;
	g_clear_pointer(&import->why, g_free);
	waiting = store_ops_of_step(store, import->step, &failed, &import->why, error);
	store_close(store);
	import->queued = waiting > 0;
	import->refused = failed;
	import->in_vain = failed - before < import->batch->len ? 0 : import->in_vain + import->batch->len;
	import->vain = waiting >= 0 && import->in_vain >= IN_VAIN;
	if (waiting >= 0 && !import->vain)
		return TRUE;
	if (import->vain)
		fulmar_fail(error, FULMAR_FAILED, _("%s refused the change: %s; “fulmar queue” has it"),
		            import->account->id, import->why ? import->why : "");
	return FALSE;
}

/* What cannot be reached is not tried again for each batch. */
static void
replay(struct import *import)
{
	if (app_may_replay(import->app, import->account) && !import->no_link)
		import->no_link =
		        !session_do(import->session, command_new(CMD_REPLAY, import->account->id), NULL);
}

static gboolean
send_batch(struct import *import, GError **error)
{
	struct command *command = command_new(CMD_IMPORT, import->account->id);
	struct session_told told;
	gboolean ok;

	command->text = g_strdup(import->path);
	command->op = import->step;
	command->messages = g_ptr_array_ref(import->batch);
	ok = session_change(import->session, command, &told, error);
	if (ok && told.step) {
		import->step = told.step;
		import->done += told.ids->len;
		replay(import);
		ok = look_at_journal(import, error);
		clear_progress(import);
		for (guint i = 0; i < told.ids->len; i++)
			print_id(import, told.ids->pdata[i]);
	}
	session_told_clear(&told);
	return ok;
}

static GPtrArray *
batch_new(void)
{
	return g_ptr_array_new_with_free_func(bus_message_free);
}

static gboolean
flush(struct import *import, GError **error)
{
	gboolean ok = send_batch(import, error);

	/* The command that has it may not have been freed yet. */
	g_ptr_array_unref(import->batch);
	import->batch = batch_new();
	import->octets = 0;
	return ok;
}

/* Takes what is in message. */
static gboolean
add(struct import *import, struct source_message *message, GError **error)
{
	struct bus_message *to;
	gsize size = g_bytes_get_size(message->bytes);

	if (import->known && known_take(import->known, message->bytes)) {
		import->duplicates++;
		source_message_clear(message);
		return TRUE;
	}
	to = bus_message_new();
	*to = (struct bus_message){message->bytes, message->received, message->flags, message->keywords};
	g_ptr_array_add(import->batch, to);
	import->octets += size;
	return (import->batch->len < BATCH_MESSAGES && import->octets < BATCH_OCTETS) || flush(import, error);
}

/* ---- the folder ---- */

/* Its rows as they are on the server now, so far as that may be asked. POP3's folders are here. */
static gboolean
bring_up_to_date(struct import *import, const struct store_folder *folder, GError **error)
{
	struct command *command;

	if (app_may_link(import->app, import->account) && import->account->type != ACCOUNT_POP3) {
		if (!session_start(import->session, import->account, error))
			return FALSE;
		command = command_new(CMD_SYNC, import->account->id);
		command->folder = folder->id;
		return session_do(import->session, command, error);
	}
	if (folder->complete || folder->pending || import->account->type == ACCOUNT_POP3)
		return TRUE;
	fulmar_fail(error, FULMAR_NO_LINK,
	            _("not all of %s/%s is here, so duplicates cannot be told; run it without --offline"),
	            import->account->id, folder->path);
	return FALSE;
}

/* One at a time, so that what two of them import is not there twice. */
static gboolean
lock_duplicates(struct import *import, GError **error)
{
	g_autofree char *dir = account_store_dir(import->account);
	g_autofree char *path = g_build_filename(dir, "import.lock", NULL);

	import->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (import->lock >= 0 && flock(import->lock, LOCK_EX | LOCK_NB) == 0)
		return TRUE;
	if (import->lock >= 0 && errno == EWOULDBLOCK)
		fulmar_fail(error, FULMAR_FAILED,
		            _("another import into %s leaves out duplicates at this moment; wait until it "
		              "has ended"),
		            import->account->id);
	else
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

static gboolean
read_known(struct import *import, struct store *store, const struct store_folder *folder, GError **error)
{
	if (import->lock < 0 && !lock_duplicates(import, error))
		return FALSE;
	if (folder && !bring_up_to_date(import, folder, error))
		return FALSE;
	g_clear_pointer(&import->known, g_hash_table_unref);
	import->known = known_read(store, folder ? folder->id : -1, error);
	return import->known != NULL;
}

/* What is new among an account's folders is looked for once. */
static struct store_folder *
find_folder(struct import *import, struct store *store, const char *path, GError **error)
{
	struct store_folder *folder = NULL;

	if (!import->looked)
		folder = ready_find(import->app, import->session, import->account, store, path, NULL);
	import->looked = TRUE;
	return folder ? folder : store_folder_by_path(store, path, error);
}

static guint
dealt_with(const struct import *import)
{
	return import->done + import->duplicates + import->left_out;
}

/* What comes next is for the folder path. */
static gboolean
aim(struct import *import, const char *path, GError **error)
{
	struct store *store = ready_store(import->app, import->session, import->account, error);
	struct store_folder *folder;
	GError *problem = NULL;
	gboolean ok;

	if (!store)
		return FALSE;
	folder = find_folder(import, store, path, &problem);
	g_free(import->path);
	import->path = g_strdup(folder ? folder->path : path);
	if (problem)
		g_propagate_error(error, problem);
	ok = !problem && (!import->app->cli.skip_duplicates || read_known(import, store, folder, error));
	store_folder_free(folder);
	store_close(store);
	if (!ok || !session_start(import->session, import->account, error))
		return FALSE;
	g_free(import->folder);
	import->folder = g_strdup(path);
	import->before = dealt_with(import);
	return TRUE;
}

/* ---- all of it ---- */

/* A file that cannot be read does not hold up the others. FALSE with error when messages cannot be filed. */
static gboolean
import_path(struct import *import, const char *path, GError **error)
{
	g_autoptr(GError) problem = NULL;
	struct source *source =
	        source_new(path, import->dialect, import->account->timeout, tell, import, &problem);
	struct source_message message;
	gboolean ok = TRUE;

	while (ok && source && source_next(source, &message, &problem) > 0) {
		ok = add(import, &message, error);
		show_progress(import, source, path);
	}
	clear_progress(import);
	source_free(source);
	if (problem)
		tell(problem->message, TRUE, import);
	return ok;
}

static gboolean
take_words(struct import *import, GError **error)
{
	const struct app *app = import->app;
	const char *format = app->cli.format;
	guint dialect = MBOX_AUTO;

	while (format && dialect < MBOX_DIALECTS && strcmp(format, mbox_dialect_names[dialect]) != 0)
		dialect++;
	import->dialect = dialect;
	if (dialect == MBOX_DIALECTS) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("“%s” is no format of an mbox: mboxo, mboxrd, mboxcl or mboxcl2"), format);
		return FALSE;
	}
	import->account = app->cli.recursive
	                          ? app_target(app, app->cli.words->pdata[0], &import->typed, error)
	                          : app_target_folder(app, app->cli.words->pdata[0], &import->typed, error);
	if (import->account)
		import->plan = import_plan(app, import->account, import->typed, error);
	return import->plan != NULL;
}

static void
tell_of_folders(struct import *import, const struct import_item *item)
{
	g_autofree char *below = g_strdup_printf(
	        ngettext("%s: its %u folder below is not imported; --recursive brings it along",
	                 "%s: its %u folders below are not imported; --recursive brings them along",
	                 item->below),
	        item->path, item->below);
	g_autofree char *more = g_strdup_printf(_("%s: more than %d folders; the rest is left out"),
	                                        item->path, TREE_FOLDERS_MOST);

	if (item->below)
		tell(below, FALSE, import);
	if (item->cut)
		tell(more, TRUE, import);
}

static gboolean
import_item(struct import *import, const struct import_item *item, gboolean last, GError **error)
{
	if (g_strcmp0(import->folder, item->folder) != 0 && !aim(import, item->folder, error))
		return FALSE;
	tell_of_folders(import, item);
	if (!import_path(import, item->path, error))
		return FALSE;
	/* Of nothing at all there is the folder. */
	return !last || (!import->batch->len && dealt_with(import) > import->before) || flush(import, error);
}

/* FALSE with error: that is wrong with more than one folder of a tree. */
static gboolean
go_on(struct import *import, const struct import_item *item, GError *problem, GError **error)
{
	if (!item->of_tree || import->vain || problem->code != FULMAR_FAILED) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	tell(problem->message, TRUE, import);
	g_error_free(problem);
	return TRUE;
}

static gboolean
import_all(struct import *import, GError **error)
{
	const GPtrArray *plan = import->plan;

	for (guint i = 0; i < plan->len; i++) {
		const struct import_item *item = plan->pdata[i],
		                         *next = i + 1 < plan->len ? plan->pdata[i + 1] : NULL;
		gboolean last = !next || strcmp(next->folder, item->folder) != 0;
		GError *problem = NULL;

		if (!import_item(import, item, last, &problem) && !go_on(import, item, problem, error))
			return FALSE;
	}
	return TRUE;
}

/* Of those that were not imported, on standard error; IDs alone are output. */
static void
report_rest(struct import *import)
{
	g_autofree char *duplicates = g_strdup_printf(
	        ngettext("%u message is there already", "%u messages are there already", import->duplicates),
	        import->duplicates);
	guint untold = import->left_out - MIN(import->left_out, LINES_MOST);
	g_autofree char *others =
	        g_strdup_printf(ngettext("%u more is left out", "%u more are left out", untold), untold);

	if (import->queued && !import->app->cli.json)
		report_line("queued");
	if (untold)
		report_error(others);
	if (import->duplicates)
		report_error(duplicates);
}

static int
status_of(struct import *import, GError *error)
{
	gboolean any = import->done > import->refused || import->duplicates;

	if (error) {
		int status = app_fail(error);

		return any ? FULMAR_PARTLY : status;
	}
	if (import->refused) {
		g_autofree char *text = g_strdup_printf(_("%s refused the change: %s; “fulmar queue” has it"),
		                                        import->account->id, import->why ? import->why : "");

		report_error(text);
	}
	if (!import->refused && !import->left_out)
		return FULMAR_OK;
	return any ? FULMAR_PARTLY : FULMAR_FAILED;
}

int
command_import(struct app *app)
{
	struct import import = {.app = app, .lock = -1, .batch = batch_new()};
	GError *error = NULL;
	int status;

	import.session = session_new(app);
	if (take_words(&import, &error))
		import_all(&import, &error);
	session_free(import.session);
	report_rest(&import);
	status = status_of(&import, error);
	g_ptr_array_unref(import.batch);
	g_clear_pointer(&import.known, g_hash_table_unref);
	g_clear_pointer(&import.plan, g_ptr_array_unref);
	g_free(import.folder);
	g_free(import.path);
	g_free(import.why);
	if (import.lock >= 0)
		close(import.lock);
	return status;
}
