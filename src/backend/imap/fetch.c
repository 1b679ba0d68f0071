#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "backend/imap/want.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

/* Bodies on demand: one section of one message at a time, small ones whole, big ones in slices that are kept
 * when the link breaks and continued at the next try. An octet count that is short of what was announced
 * never becomes a stored part. A part that the server decodes (binary.c) is kept under another name; where it
 * cannot be had so after all, it is fetched from the start as it is in the message. */

enum {
	WHOLE_BELOW = 192 * 1024,
	SLICE = 128 * 1024,
	AHEAD_LEAST = 3, /* slices */
	AHEAD_MOST = 64,
	MOMENT_MS = 300, /* as many are asked for ahead as come in that */
	SPARE = 1024 * 1024
};

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
put(struct backend *b, struct imap_want *w, gboolean here, const GError *error)
{
	w->held = FALSE;
	w->finished = here;
	if (error && !w->error)
		w->error = g_error_copy(error);
	if (!w->flights)
		want_end(b, w);
}

void
want_put_if_due(struct backend *b)
{
	if (imap_bodies_due(b->bodies, b->wants.length))
		imap_bodies_put(b, put);
}

/* A whole message in one piece waits for others (bodies.c). */
static gboolean
is_held(const struct imap_want *w, const struct imap_fetch_section *section)
{
	return !*w->section && w->fd < 0 && section->value && section->value->spool_fd < 0;
}

static void
take_whole(struct backend *b, struct imap_want *w, const struct imap_fetch_section *section)
{
	const struct imap_node *value = section->value;
	guint64 have;
	int fd;

	if (w->binary && !imap_binary_is_likely(w->encoded, value->len)) {
		w->unfit = TRUE;
		return;
	}
	if (!value->len && w->total > 2) {
		fail_empty(w);
		return;
	}
	if (is_held(w, section)) {
		w->held = TRUE;
		imap_bodies_add(b->bodies, w, w->id, value->text ? (const void *)value->text : "",
		                value->len);
		if (want_is_watched(w))
			imap_bodies_put(b, put);
		else
			want_put_if_due(b);
		return;
	}
	if (value->spool_fd < 0) {
		w->finished = store_part_put(b->env->store, w->id, w->kept,
		                             value->text ? (const void *)value->text : "", value->len, FALSE,
		                             &w->error);
		return;
	}
	fd = store_part_begin(b->env->store, w->id, w->kept, &have, &w->error);
	if (fd < 0)
		return;
	if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && append(w, fd, value))
		w->finished = store_part_finish(b->env->store, w->id, w->kept, fd, FALSE, &w->error);
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

static void
finish(struct backend *b, struct imap_want *w)
{
	w->finished = store_part_finish(b->env->store, w->id, w->kept, w->fd, FALSE, &w->error);
	w->fd = -1;
}

/* What is decoded has an exact length. */
static void
settle_decoded(struct backend *b, struct imap_want *w)
{
	if (w->have > w->total || !imap_binary_is_likely(w->encoded, w->total))
		w->unfit = TRUE;
	else if (w->have == w->total)
		finish(b, w);
}

/* Sizes are announced inexactly, so a part ends with a slice that is short at about its size, or with an
 * empty one; a short slice before that is followed by the next. */
static void
settle(struct backend *b, struct imap_want *w, gboolean ends, guint64 len)
{
	if (!ends && len && (len >= SLICE || w->have < w->total))
		return;
	if (w->have)
		finish(b, w);
	else
		fail_empty(w);
}

/* One much larger than announced is not what was asked for. */
static void
take_slice(struct backend *b, struct imap_want *w, const struct imap_fetch_section *section)
{
	const struct imap_node *value = section->value;
	gboolean whole = !section->partial && value->len > SLICE;

	if (w->error || (whole && !begin_anew(w)))
		return;
	if (!whole && section->origin != w->have) {
		w->strayed |= section->origin > w->have;
		return;
	}
	if (w->have + value->len > w->total * 2 + SPARE) {
		fulmar_fail(&w->error, FULMAR_FAILED,
		            _("the server gives more than it announced; try again"));
		return;
	}
	if (value->len && !append(w, w->fd, value))
		return;
	w->have += value->len;
	want_tell(w);
	if (value->len < SLICE)
		w->asked = w->have; /* what was asked for ahead has another origin */
	if (!w->binary)
		settle(b, w, whole, value->len);
	else if (w->sized)
		settle_decoded(b, w);
}

/* The server has told how long the part is once it is decoded. */
static void
take_size(struct backend *b, struct imap_want *w, guint64 size)
{
	if (w->fd < 0 || w->sized || w->error)
		return;
	w->sized = TRUE;
	w->total = size;
	settle_decoded(b, w);
}

void
imap_on_section(struct backend *b, guint64 uid, const struct imap_fetch_section *section)
{
	struct imap_want *w = want_of(b, uid, section->section);

	if (!w || w->held || w->unfit || section->binary != w->binary)
		return;
	if (!is_held(w, section))
		imap_slice_end(b); /* parts are stored in no transaction */
	if (!b->conn)
		return;
	if (section->sized) {
		take_size(b, w, section->size);
		return;
	}
	if (w->binary && section->value->type != IMAP_STRING) {
		w->unfit = TRUE;
		return;
	}
	if (section->value->type == IMAP_NIL || section->value->type == IMAP_LIST) {
		if (!w->error)
			fulmar_fail(&w->error, FULMAR_FAILED,
			            _("the server gives nothing for this part; try again"));
		return;
	}
	if (w->fd >= 0)
		take_slice(b, w, section);
	else
		take_whole(b, w, section);
}

/* ---- asking ---- */

static gboolean want_begin(struct backend *b, struct imap_want *w, GError **error);
static void ask_ahead(struct backend *b, struct imap_want *w);

/* From the start, as it is in the message. */
static void
begin_encoded(struct backend *b, struct imap_want *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	store_part_forget_begun(b->env->store, w->id, w->kept);
	imap_binary_refuse(b, w->id, w->section);
	g_free(w->kept);
	w->kept = g_strdup(w->section);
	w->binary = w->unfit = FALSE;
	if (!imap_aim(b, w->folder, &w->error) || !want_begin(b, w, &w->error))
		want_end(b, w);
}

/* A slice was asked for, and has not come. A server that has no room for an answer may go on with the next
 * command meanwhile: then what came is looked at when all is answered. */
static gboolean
is_in_vain(const struct imap_want *w, const struct imap_cmd *cmd)
{
	return w->strayed ? !w->flights && w->have == w->round : cmd->lo == w->have;
}

/* A command about a part that the server decodes has ended, and has not brought it. TRUE: that is the end of
 * decoding, for this part or (BAD) for this server. */
static gboolean
has_failed_decoded(struct backend *b, const struct imap_want *w, const struct imap_cmd *cmd,
                   const struct imap_response *response, const GError *error)
{
	if (error && response && response->status == IMAP_BAD)
		b->no_binary = TRUE;
	if (error)
		return response != NULL; /* else the link was lost: gone on with next time */
	return w->fd < 0 || !w->sized || is_in_vain(w, cmd);
}

void
want_answered(struct backend *b, struct imap_want *w, const struct imap_cmd *cmd,
              const struct imap_response *response, const GError *error)
{
	if (w->binary && !w->finished && !w->error)
		w->unfit = w->unfit || has_failed_decoded(b, w, cmd, response, error);
	if (w->unfit && !w->error && response) {
		if (!w->flights)
			begin_encoded(b, w);
		return;
	}
	if (w->dated && !w->finished && !w->error && error && response) {
		b->no_savedate = TRUE;
		w->dated = FALSE;
		want_ask(b, w);
		return;
	}
	if (error && !w->error && !w->finished)
		w->error = g_error_copy(error);
	if (w->fd >= 0 && !w->error && is_in_vain(w, cmd))
		fulmar_fail(&w->error, FULMAR_FAILED, _("the server gives nothing for this part; try again"));
	if (w->flights && (w->strayed || w->asked >= w->total))
		return; /* the last of it is on its way */
	if (w->strayed)
		w->asked = w->have;
	/* Another folder may have been opened between two slices. */
	if (w->fd >= 0 && !w->error && !w->finished && imap_aim(b, w->folder, &w->error)) {
		ask_ahead(b, w);
		return;
	}
	if (!w->flights)
		want_end(b, w);
}

static void
asked_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_want *w = cmd->user;

	w->flights--;
	if (!w->held)
		want_answered(b, w, cmd, response, error);
	want_put_if_due(b);
}

void
want_ask(struct backend *b, struct imap_want *w)
{
	g_autofree char *range = NULL, *size = NULL, *item = NULL;
	struct imap_cmd *cmd = imap_cmd_in(b, w->folder, "UID FETCH", asked_done, w);

	if (w->fd >= 0)
		range = g_strdup_printf("<%" G_GUINT64_FORMAT ".%d>", w->asked, SLICE);
	if (w->binary && w->fd >= 0 && !w->sized && !w->flights)
		size = g_strdup_printf("BINARY.SIZE[%s] ", w->section);
	item = g_strdup_printf("(UID %s%s.PEEK[%s]%s)",
	                       size       ? size
	                       : w->dated ? "SAVEDATE "
	                                  : "",
	                       w->binary ? "BINARY" : "BODY", w->section, range ? range : "");
	if (!w->flights) {
		w->round = w->have;
		w->strayed = FALSE;
	}
	cmd->lo = w->asked;
	w->asked += SLICE;
	w->flights++;
	imap_command_number(cmd->wire, w->uid);
	imap_command_atom(cmd->wire, item);
	imap_queue(b, cmd);
}

/* At least one slice, and as many as come in a moment; the first of a part as those of the last one did. */
static void
ask_ahead(struct backend *b, struct imap_want *w)
{
	gint64 ms = (g_get_monotonic_time() - w->since) / 1000;

	if (w->have > w->from)
		b->slices_ahead =
		        (guint)MIN((w->have - w->from) * MOMENT_MS / (guint64)MAX(ms, 1) / SLICE, AHEAD_MOST);
	do
		want_ask(b, w);
	while (w->flights < MAX(b->slices_ahead, AHEAD_LEAST) && w->asked < w->total);
}

/* Goes on with what is here of it. */
static gboolean
want_begin(struct backend *b, struct imap_want *w, GError **error)
{
	w->have = w->asked = 0;
	w->total = w->binary ? mime_decoded_size(ENCODING_BASE64, w->encoded) : w->encoded;
	if (w->encoded > WHOLE_BELOW) {
		w->fd = store_part_begin(b->env->store, w->id, w->kept, &w->have, error);
		if (w->fd < 0)
			return FALSE;
		w->asked = w->have;
	}
	w->from = w->have;
	w->since = g_get_monotonic_time();
	if (w->fd >= 0)
		ask_ahead(b, w);
	else if (!together_takes(b, w))
		want_ask(b, w);
	return TRUE;
}

/* It goes with one section alone. */
static gboolean
wants_date(struct backend *b, const struct imap_want *w)
{
	if (w->binary || w->encoded > WHOLE_BELOW || !imap_tells_saved(b))
		return FALSE;
	return !want_dated(b, w->id, w->uid) && store_lacks_saved(b->env->store, w->id);
}

/* How much it is, and how it is to come. */
static void
announce(struct backend *b, struct imap_want *w)
{
	g_autofree char *decoded = store_decoded(w->section);
	struct mime_part *root = *w->section ? store_structure(b->env->store, w->id, NULL) : NULL;
	const struct mime_part *part = root ? mime_part_by_section(root, w->section) : NULL;

	w->encoded = !*w->section ? store_size(b->env->store, w->id) : part ? part->size : 0;
	w->binary = part && decoded && imap_binary_fits(b, w->id, part);
	if (decoded && !w->binary)
		store_part_forget_begun(b->env->store, w->id, decoded);
	w->kept = g_strdup(w->binary ? decoded : w->section);
	w->dated = wants_date(b, w);
	g_clear_pointer(&root, mime_part_free);
}

gboolean
imap_want(struct backend *b, struct task *task, msgid id, const char *section,
          void (*progress)(guint64, guint64, void *), GError **error)
{
	struct imap_want *w;
	gint64 folder;
	guint64 uid;

	/* Where the server has it may differ from where the person sees it. */
	if (store_place(b->env->store, id, &folder, &uid, NULL, error) <= 0 || !uid) {
		if (error && !*error)
			fulmar_fail(error, FULMAR_FAILED, _("the message is no longer on the server"));
		return FALSE;
	}
	together_leave(b, folder);
	if (!imap_aim(b, folder, error))
		return FALSE;
	w = want_for(b, id, uid, section);
	if (w) { /* asked for already: two would write over each other */
		want_wait(w, task, progress);
		return TRUE;
	}
	w = g_new0(struct imap_want, 1);
	w->waiters = g_array_new(FALSE, FALSE, sizeof(struct imap_waiter));
	w->folder = folder;
	w->id = id;
	w->uid = uid;
	w->section = g_strdup(section);
	w->fd = -1;
	announce(b, w);
	want_wait(w, task, progress);
	want_add(b, w);
	if (want_begin(b, w, error))
		return TRUE;
	want_drop(b, w);
	task_release(task, NULL);
	want_free(w);
	return FALSE;
}

void
imap_part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
          backend_done done, void *user)
{
	struct task *task = task_new(&b->tasks, done, user);
	g_autoptr(GError) error = NULL;

	imap_want(b, task, id, section, progress, &error);
	task_release(task, error);
}

void
imap_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
           void *user)
{
	struct task *task = task_new(&b->tasks, done, user);
	g_autoptr(GError) first = NULL;

	together_begin(b);
	store_look(b->env->store);
	for (guint i = 0; i < n; i++) {
		g_autoptr(GError) error = NULL;

		if (!imap_want(b, task, ids[i], sections[i], NULL, &error) && !first)
			first = g_steal_pointer(&error);
	}
	store_look_end(b->env->store);
	together_end(b);
	task_release(task, first);
}
