#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

/* Bodies on demand: one section of one message at a time, small ones whole, big ones in slices that are kept
 * when the link breaks and continued at the next try. An octet count that is short of what was announced
 * never becomes a stored part. */

enum { WHOLE_BELOW = 192 * 1024, SLICE = 128 * 1024, SLICES_AHEAD = 3, SPARE = 1024 * 1024 };

/* Who waits for a section. */
struct waiter {
	struct imap_task *task;
	void (*progress)(guint64 have, guint64 total, void *user);
};

struct imap_want {
	GArray *waiters; /* struct waiter */
	gint64 folder;
	msgid id;
	guint64 uid;
	char *section;
	int fd;        /* sliced: the part so far; -1: whole */
	guint64 have;  /* octets written */
	guint64 asked; /* octets asked for */
	guint64 total; /* as announced; servers err */
	guint flights;
	gboolean finished; /* stored */
	GError *error;
};

static struct imap_want *
want_of(struct backend *b, guint64 uid, const char *section)
{
	for (GList *l = b->wants; l; l = l->next) {
		struct imap_want *w = l->data;

		if (w->uid == uid && w->folder == b->box.folder && !w->finished && !w->error &&
		    !g_ascii_strcasecmp(w->section, section))
			return w;
	}
	return NULL;
}

static void
add_waiter(struct imap_want *w, struct imap_task *task, void (*progress)(guint64, guint64, void *))
{
	struct waiter waiter = {task, progress};

	imap_task_hold(task);
	g_array_append_val(w->waiters, waiter);
}

static void
tell_progress(const struct imap_want *w)
{
	for (guint i = 0; i < w->waiters->len; i++) {
		const struct waiter *waiter = &g_array_index(w->waiters, struct waiter, i);

		if (waiter->progress)
			waiter->progress(w->have, w->total, waiter->task->user);
	}
}

static void
want_end(struct backend *b, struct imap_want *w)
{
	b->wants = g_list_remove(b->wants, w);
	if (w->fd >= 0)
		close(w->fd); /* what is there stays as a beginning for next time */
	if (!w->finished && !w->error)
		fulmar_fail(&w->error, FULMAR_FAILED, _("the server has no such message any more"));
	for (guint i = 0; i < w->waiters->len; i++)
		imap_task_release(g_array_index(w->waiters, struct waiter, i).task, w->error);
	g_array_unref(w->waiters);
	g_clear_error(&w->error);
	g_free(w->section);
	g_free(w);
}

/* ---- receiving ---- */

static gboolean
append(struct imap_want *w, int fd, const struct imap_node *value)
{
	gboolean ok = value->spool_fd >= 0 ? files_copy_all(value->spool_fd, fd)
	                                   : files_write_all(fd, value->text, value->len);

	if (!ok)
		fulmar_fail(&w->error, FULMAR_FAILED,
		            _("cannot keep the message: %s; free some space and try again"),
		            g_strerror(errno));
	return ok;
}

static void
fail_empty(struct imap_want *w)
{
	fulmar_fail(&w->error, FULMAR_FAILED,
	            _("the server gave an empty text for a message of %llu octets; try again"),
	            (unsigned long long)w->total);
}

static void
take_whole(struct backend *b, struct imap_want *w, const struct imap_node *value)
{
	guint64 have;
	int fd;

	if (!value->len && w->total > 2) {
		fail_empty(w);
		return;
	}
	if (value->spool_fd < 0) {
		w->finished = store_part_put(b->env->store, w->id, w->section,
		                             value->text ? (const void *)value->text : "", value->len, FALSE,
		                             &w->error);
		return;
	}
	fd = store_part_begin(b->env->store, w->id, w->section, &have, &w->error);
	if (fd < 0)
		return;
	if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && append(w, fd, value))
		w->finished = store_part_finish(b->env->store, w->id, w->section, fd, FALSE, &w->error);
	else
		close(fd);
}

/* A server that knows no partial fetch gives the whole part, without an origin. */
static gboolean
begin_anew(struct imap_want *w)
{
	w->have = 0;
	if (ftruncate(w->fd, 0) == 0 && lseek(w->fd, 0, SEEK_SET) == 0)
		return TRUE;
	fulmar_fail(&w->error, FULMAR_FAILED, _("cannot keep the message: %s; free some space and try again"),
	            g_strerror(errno));
	return FALSE;
}

/* Sizes are announced inexactly, so a part ends with a slice that is short at about its size, or with an
 * empty one; a short slice before that is followed by the next. One much larger than announced is not what
 * was asked for. */
static void
take_slice(struct backend *b, struct imap_want *w, const struct imap_fetch_section *section)
{
	const struct imap_node *value = section->value;
	gboolean whole = !section->partial && value->len > SLICE;

	if (w->error || (whole ? !begin_anew(w) : section->origin != w->have))
		return; /* an answer to nobody's question */
	if (w->have + value->len > w->total * 2 + SPARE) {
		fulmar_fail(&w->error, FULMAR_FAILED,
		            _("the server gives more than it announced; try again"));
		return;
	}
	if (value->len && !append(w, w->fd, value))
		return;
	w->have += value->len;
	tell_progress(w);
	if (!whole && value->len && (value->len >= SLICE || w->have < w->total)) {
		if (value->len < SLICE)
			w->asked = w->have; /* what was asked for ahead has another origin */
		return;
	}
	if (!w->have) {
		fail_empty(w);
		return;
	}
	w->finished = store_part_finish(b->env->store, w->id, w->section, w->fd, FALSE, &w->error);
	w->fd = -1;
}

void
imap_on_section(struct backend *b, guint64 uid, const struct imap_fetch_section *section)
{
	struct imap_want *w = want_of(b, uid, section->section);

	if (!w || !section->value)
		return;
	imap_slice_end(b); /* parts are stored in no transaction */
	if (!b->conn)
		return;
	if (section->value->type == IMAP_NIL || section->value->type == IMAP_LIST) {
		if (!w->error)
			fulmar_fail(&w->error, FULMAR_FAILED,
			            _("the server gives nothing for this part; try again"));
		return;
	}
	if (w->fd >= 0)
		take_slice(b, w, section);
	else
		take_whole(b, w, section->value);
}

/* ---- asking ---- */

static void ask(struct backend *b, struct imap_want *w);

static void
asked_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_want *w = cmd->user;

	w->flights--;
	if (error && !w->error && !w->finished)
		w->error = g_error_copy(error);
	if (w->fd >= 0 && !w->error && cmd->lo == w->have)
		fulmar_fail(&w->error, FULMAR_FAILED, _("the server gives nothing for this part; try again"));
	/* Another folder may have been opened between two slices. */
	if (w->fd >= 0 && !w->error && !w->finished && imap_aim(b, w->folder, &w->error)) {
		ask(b, w);
		return;
	}
	if (!w->flights)
		want_end(b, w);
}

static void
ask(struct backend *b, struct imap_want *w)
{
	g_autofree char *item = NULL;
	struct imap_cmd *cmd = imap_cmd_in(b, w->folder, "UID FETCH", asked_done, w);

	if (w->fd >= 0)
		item = g_strdup_printf("(UID BODY.PEEK[%s]<%" G_GUINT64_FORMAT ".%d>)", w->section, w->asked,
		                       SLICE);
	else
		item = g_strdup_printf("(UID BODY.PEEK[%s])", w->section);
	cmd->lo = w->asked;
	w->asked += SLICE;
	w->flights++;
	imap_command_number(cmd->wire, w->uid);
	imap_command_atom(cmd->wire, item);
	imap_queue(b, cmd);
}

static guint64
announced_size(struct backend *b, const struct store_row *row, const char *section)
{
	struct mime_part *root;
	const struct mime_part *part;
	guint64 size = 0;

	if (!*section)
		return row->size;
	root = store_structure(b->env->store, row->id, NULL);
	part = root ? mime_part_by_section(root, section) : NULL;
	if (part)
		size = part->size;
	g_clear_pointer(&root, mime_part_free);
	return size;
}

static struct imap_want *
want_for(struct backend *b, msgid id, const char *section)
{
	for (GList *l = b->wants; l; l = l->next) {
		struct imap_want *w = l->data;

		if (w->id == id && !w->finished && !w->error && !strcmp(w->section, section))
			return w;
	}
	return NULL;
}

gboolean
imap_want(struct backend *b, struct imap_task *task, msgid id, const char *section,
          void (*progress)(guint64, guint64, void *), GError **error)
{
	struct store_row *row = store_row(b->env->store, id, error);
	struct imap_want *w;
	gint64 folder;
	guint64 uid;

	/* Where the server has it may differ from where the person sees it. */
	if (!row || store_place(b->env->store, id, &folder, &uid, NULL, error) <= 0 || !uid ||
	    !imap_aim(b, folder, error)) {
		if (error && !*error)
			fulmar_fail(error, FULMAR_FAILED, _("the message is no longer on the server"));
		g_clear_pointer(&row, store_row_free);
		return FALSE;
	}
	w = want_for(b, id, section);
	if (w) { /* asked for already: two would write over each other */
		add_waiter(w, task, progress);
		store_row_free(row);
		return TRUE;
	}
	w = g_new0(struct imap_want, 1);
	w->waiters = g_array_new(FALSE, FALSE, sizeof(struct waiter));
	w->folder = folder;
	w->id = id;
	w->uid = uid;
	w->section = g_strdup(section);
	w->total = announced_size(b, row, section);
	w->fd = -1;
	store_row_free(row);
	if (w->total > WHOLE_BELOW) {
		w->fd = store_part_begin(b->env->store, id, section, &w->have, error);
		if (w->fd < 0) {
			g_array_unref(w->waiters);
			g_free(w->section);
			g_free(w);
			return FALSE;
		}
		w->asked = w->have;
	}
	add_waiter(w, task, progress);
	b->wants = g_list_append(b->wants, w);
	ask(b, w);
	for (guint i = 1; w->fd >= 0 && i < SLICES_AHEAD && w->asked < w->total; i++)
		ask(b, w);
	return TRUE;
}

void
imap_part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
          backend_done done, void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);
	g_autoptr(GError) error = NULL;

	imap_want(b, task, id, section, progress, &error);
	imap_task_release(task, error);
}

void
imap_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
           void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);
	g_autoptr(GError) first = NULL;

	for (guint i = 0; i < n; i++) {
		g_autoptr(GError) error = NULL;

		if (!imap_want(b, task, ids[i], sections[i], NULL, &error) && !first)
			first = g_steal_pointer(&error);
	}
	imap_task_release(task, first);
}

void
imap_structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);
	g_autoptr(GError) error = NULL;
	gint64 folder = 0;
	struct uidset uids;
	guint at = 0;
	char *slice;

	uidset_init(&uids);
	for (guint i = 0; i < n && !error; i++) {
		struct store_row *row = store_row(b->env->store, ids[i], &error);

		if (row && row->uid && (!folder || folder == row->folder)) {
			folder = row->folder;
			uidset_add(&uids, row->uid, row->uid);
		}
		g_clear_pointer(&row, store_row_free);
	}
	if (!error && !folder)
		fulmar_fail(&error, FULMAR_FAILED, _("the message is no longer on the server"));
	if (!error && imap_aim(b, folder, &error))
		while ((slice = uidset_format_slice(&uids, &at, 900))) {
			struct imap_cmd *cmd = imap_cmd_in(b, folder, "UID FETCH", imap_task_cmd_done, task);

			imap_command_atom(cmd->wire, slice);
			imap_command_atom(cmd->wire, "(UID BODYSTRUCTURE)");
			imap_task_hold(task);
			imap_queue(b, cmd);
			g_free(slice);
		}
	uidset_clear(&uids);
	imap_task_release(task, error);
}
