#include "fake-server.h"
#include <stdlib.h>
#include <string.h>

struct message {
	guint content, flags;
	guint64 uid;
};

struct mailbox {
	char *wire;
	gboolean subscribed;
	guint64 uidvalidity, uidnext;
	GArray *messages; /* struct message, by uid */
};

struct server {
	GPtrArray *boxes;
	guint64 uidvalidity;
};

/* ---- mailboxes ---- */

static void
mailbox_free(gpointer data)
{
	struct mailbox *box = data;

	g_free(box->wire);
	g_array_unref(box->messages);
	g_free(box);
}

struct server *
server_new(void)
{
	struct server *server = g_new(struct server, 1);

	server->boxes = g_ptr_array_new_with_free_func(mailbox_free);
	server->uidvalidity = 100;
	return server;
}

void
server_free(struct server *server)
{
	g_ptr_array_unref(server->boxes);
	g_free(server);
}

static struct mailbox *
box_of(const struct server *server, const char *wire)
{
	for (guint i = 0; i < server->boxes->len; i++) {
		struct mailbox *box = server->boxes->pdata[i];

		if (strcmp(box->wire, wire) == 0)
			return box;
	}
	return NULL;
}

static struct mailbox *
box_by_id(const struct server *server, struct store *store, gint64 folder)
{
	struct store_folder *row = store_folder_by_id(store, folder, NULL);
	struct mailbox *box = row ? box_of(server, row->wire) : NULL;

	store_folder_free(row);
	return box;
}

void
server_make_folder(struct server *server, const char *wire)
{
	struct mailbox *box = g_new0(struct mailbox, 1);

	box->wire = g_strdup(wire);
	box->uidvalidity = server->uidvalidity++;
	box->uidnext = 1;
	box->messages = g_array_new(FALSE, FALSE, sizeof(struct message));
	g_ptr_array_add(server->boxes, box);
}

static guint64
put(struct mailbox *box, guint content, guint flags)
{
	struct message message = {content, flags, box->uidnext++};

	g_array_append_val(box->messages, message);
	return message.uid;
}

static struct message *
find(struct mailbox *box, guint64 uid)
{
	for (guint i = 0; box && i < box->messages->len; i++)
		if (g_array_index(box->messages, struct message, i).uid == uid)
			return &g_array_index(box->messages, struct message, i);
	return NULL;
}

static void
take_out(struct mailbox *box, guint64 uid)
{
	for (guint i = 0; i < box->messages->len; i++)
		if (g_array_index(box->messages, struct message, i).uid == uid)
			g_array_remove_index(box->messages, i--);
}

void
server_deliver(struct server *server, const char *wire, guint content, guint flags)
{
	put(box_of(server, wire), content, flags);
}

void
server_meddle(struct server *server, GRand *rand)
{
	struct mailbox *from = server->boxes->pdata[g_rand_int_range(rand, 0, (gint32)server->boxes->len)];
	struct mailbox *to = server->boxes->pdata[g_rand_int_range(rand, 0, (gint32)server->boxes->len)];
	struct message *message, was;

	if (!from->messages->len)
		return;
	message = &g_array_index(from->messages, struct message,
	                         g_rand_int_range(rand, 0, (gint32)from->messages->len));
	was = *message;
	switch (g_rand_int_range(rand, 0, 4)) {
	case 0:
		message->flags ^= 1u << g_rand_int_range(rand, 0, 4);
		break;
	case 1:
		take_out(from, was.uid);
		put(to, was.content, was.flags);
		break;
	case 2:
		put(to, was.content, was.flags);
		break;
	default:
		take_out(from, was.uid);
	}
}

void
server_renumber(struct server *server, GRand *rand)
{
	struct mailbox *box = server->boxes->pdata[g_rand_int_range(rand, 0, (gint32)server->boxes->len)];

	box->uidvalidity = server->uidvalidity++;
	box->uidnext = 1;
	for (guint i = 0; i < box->messages->len; i++)
		g_array_index(box->messages, struct message, i).uid = box->uidnext++;
}

/* ---- contents ---- */

GBytes *
content_body(guint content)
{
	char *text = g_strdup_printf("Message-ID: <%u@example.org>\r\nSubject: %u\r\n\r\nText\r\n", content,
	                             content);

	return g_bytes_new_take(text, strlen(text));
}

guint
content_of(const struct store_row *row)
{
	return (guint)strtoul(row->subject, NULL, 10);
}

static void
describe(guint content, struct envelope *envelope, struct store_message *message)
{
	g_autoptr(GBytes) body = content_body(content);
	gsize len;
	const char *text = g_bytes_get_data(body, &len);

	envelope_from_headers(envelope, text, len);
	*message = (struct store_message){.received = 100000 + content, .size = len, .envelope = envelope};
}

static guint
content_here(struct store *store, msgid id)
{
	g_autoptr(GBytes) body = store_part(store, id, "", NULL);
	struct envelope envelope;
	guint content;

	g_assert_nonnull(body);
	envelope_from_headers(&envelope, g_bytes_get_data(body, NULL), g_bytes_get_size(body));
	content = (guint)strtoul(envelope.subject, NULL, 10);
	envelope_clear(&envelope);
	return content;
}

/* ---- from the server into the store ---- */

static void
must(gboolean ok, GError *error)
{
	g_assert_no_error(error);
	g_assert_true(ok);
}

static void
sync_list(struct server *server, struct store *store)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) old = store_folders(store, &error);

	must(store_begin(store, FALSE, &error), error);
	for (guint i = 0; i < old->len; i++) {
		const struct store_folder *folder = old->pdata[i];

		if (!box_of(server, folder->wire))
			must(store_folder_remove(store, folder->id, &error), error);
	}
	for (guint i = 0; i < server->boxes->len; i++) {
		const struct mailbox *box = server->boxes->pdata[i];
		struct store_folder folder = {.path = box->wire,
		                              .wire = box->wire,
		                              .delimiter = '/',
		                              .selectable = TRUE,
		                              .subscribed = box->subscribed,
		                              .server_total = box->messages->len,
		                              .server_uidnext = box->uidnext};

		for (guint j = 0; j < old->len; j++)
			if (strcmp(((struct store_folder *)old->pdata[j])->wire, box->wire) == 0)
				folder.id = ((struct store_folder *)old->pdata[j])->id;
		must(store_folder_put(store, &folder, &error), error);
	}
	must(store_commit(store, &error), error);
}

static void
remove_missing(struct store *store, gint64 folder, struct mailbox *box)
{
	GError *error = NULL;
	struct uidset here, gone;

	uidset_init(&here);
	uidset_init(&gone);
	must(store_uids(store, folder, 0, 0, &here, &error), error);
	for (guint i = 0; i < here.len; i++)
		for (guint64 uid = here.ranges[i].lo; uid <= here.ranges[i].hi; uid++)
			if (!find(box, uid))
				uidset_add(&gone, uid, uid);
	must(store_remove_uids(store, folder, &gone, &error) >= 0, error);
	uidset_clear(&here);
	uidset_clear(&gone);
}

static void
add_message(struct store *store, gint64 folder, const struct message *message)
{
	GError *error = NULL;
	struct envelope envelope;
	struct store_message row;
	struct store_row *stored;
	msgid id;

	describe(message->content, &envelope, &row);
	row.uid = message->uid;
	row.flags = message->flags;
	id = store_add(store, folder, &row, &error);
	must(id > 0, error);
	envelope_clear(&envelope);
	stored = store_row(store, id, &error);
	must(stored != NULL, error);
	/* One row is never two messages. */
	if (content_of(stored) != message->content)
		g_error("row %" G_GINT64_FORMAT " of folder %" G_GINT64_FORMAT
		        " is not uid %" G_GUINT64_FORMAT,
		        id, folder, message->uid);
	store_row_free(stored);
}

/* Lends folder. */
static void
sync_rows(struct store *store, struct store_folder *folder, struct mailbox *box)
{
	GError *error = NULL;

	must(store_begin(store, FALSE, &error), error);
	if (folder->uidvalidity && folder->uidvalidity != box->uidvalidity)
		must(store_folder_unbind(store, folder->id, &error), error);
	remove_missing(store, folder->id, box);
	for (guint i = 0; i < box->messages->len; i++)
		add_message(store, folder->id, &g_array_index(box->messages, struct message, i));
	must(store_folder_rebound(store, folder->id, &error), error);
	folder->uidvalidity = box->uidvalidity;
	folder->uidnext = box->uidnext;
	folder->exists = folder->server_total = box->messages->len;
	folder->complete = TRUE;
	folder->synced = MAX(folder->synced + 1, g_get_real_time() / G_USEC_PER_SEC + 1);
	must(store_folder_put_state(store, folder, &error), error);
	must(store_commit(store, &error), error);
}

static void
sync_folder(struct server *server, struct store *store, gint64 id)
{
	struct store_folder *folder = store_folder_by_id(store, id, NULL);
	struct mailbox *box = folder ? box_of(server, folder->wire) : NULL;

	if (box)
		sync_rows(store, folder, box);
	store_folder_free(folder);
}

/* A folder that waits to be removed is not looked at by itself. */
void
server_sync(struct server *server, struct store *store)
{
	g_autoptr(GPtrArray) folders = NULL;

	sync_list(server, store);
	folders = store_folders(store, NULL);
	for (guint i = 0; i < folders->len; i++)
		sync_folder(server, store, ((struct store_folder *)folders->pdata[i])->id);
}

/* ---- carrying out ---- */

struct run {
	struct server *server;
	struct store *store;
	const struct store_op *op;
	const struct weather *weather;
	int done; /* messages */
};

/* Whether the program ends before it is told of this message, or after. */
static gboolean
ends(struct run *run, gboolean told)
{
	return run->weather->crash >= 0 && run->done >= run->weather->crash && (told || !run->weather->heard);
}

/* Whether what is known of folder, which may be out of sight by now, is known by older UIDs. */
static gboolean
is_renumbered(struct run *run, gint64 id)
{
	struct store_folder *folder = store_folder_by_id(run->store, id, NULL);
	struct mailbox *box = folder ? box_of(run->server, folder->wire) : NULL;
	gboolean is = box && folder->uidvalidity && folder->uidvalidity != box->uidvalidity;

	store_folder_free(folder);
	return is;
}

/* The message at the place of id, NULL: it is not there any more. One that the server has not named yet, or
 * has named anew, is looked for first. */
static struct message *
at_place(struct run *run, msgid id, struct mailbox **box)
{
	gint64 folder;
	guint64 uid;
	int found = store_place(run->store, id, &folder, &uid, NULL, NULL);

	if (found <= 0 || !uid || is_renumbered(run, folder)) {
		if (found > 0)
			sync_folder(run->server, run->store, folder);
		else
			server_sync(run->server, run->store);
		found = store_place(run->store, id, &folder, &uid, NULL, NULL);
	}
	g_assert_cmpint(found, >=, 0);
	*box = found ? box_by_id(run->server, run->store, folder) : NULL;
	return found ? find(*box, uid) : NULL;
}

static void
change(struct message *message, const struct store_op *op)
{
	message->flags = (message->flags | op->add) & ~op->remove;
}

static gboolean
do_flags(struct run *run)
{
	struct mailbox *box = box_by_id(run->server, run->store, run->op->folder);

	for (guint i = 0; i < run->op->ids->len; i++) {
		struct mailbox *at;
		struct message *message = at_place(run, g_array_index(run->op->ids, msgid, i), &at);

		if (message)
			change(message, run->op);
		else
			must(store_gone(run->store, run->op->id, g_array_index(run->op->ids, msgid, i), NULL),
			     NULL);
		run->done++;
		if (ends(run, TRUE))
			return FALSE;
	}
	for (guint i = 0; run->op->upto && box && i < box->messages->len; i++) {
		struct message *message = &g_array_index(box->messages, struct message, i);

		if (message->uid < run->op->upto)
			change(message, run->op);
	}
	return TRUE;
}

static gboolean
tell_moved(struct run *run, msgid id, const struct mailbox *to, guint64 uid)
{
	GError *error = NULL;

	run->done++;
	if (ends(run, FALSE))
		return FALSE;
	if (run->weather->uids)
		must(store_moved(run->store, run->op->id, id, run->op->to, to->uidvalidity, uid, NULL,
		                 &error),
		     error);
	return !ends(run, TRUE);
}

/* MOVE, COPY, APPEND, and what REPLACE puts there. */
static gboolean
do_one_to(struct run *run, guint i, struct mailbox *to)
{
	msgid id = g_array_index(run->op->ids, msgid, i);
	struct mailbox *from;
	struct message *message, was;
	struct store_row *row;

	if (run->op->verb == OP_APPEND || run->op->verb == OP_REPLACE) {
		row = store_row(run->store, id, NULL);
		was = (struct message){content_here(run->store, id), row->base, 0};
		store_row_free(row);
		return tell_moved(run, id, to, put(to, was.content, was.flags));
	}
	message = at_place(run, run->op->verb == OP_COPY ? g_array_index(run->op->sources, msgid, i) : id,
	                   &from);
	if (!message) {
		must(store_gone(run->store, run->op->id, id, NULL), NULL);
		return TRUE;
	}
	was = *message;
	if (run->op->verb == OP_MOVE)
		take_out(from, was.uid);
	else
		was.flags &= ~(guint)FLAG_DELETED; /* as the backends do it */
	return tell_moved(run, id, to, put(to, was.content, was.flags));
}

static gboolean
do_purge(struct run *run, msgid id)
{
	GError *error = NULL;
	struct mailbox *box;
	struct message *message = at_place(run, id, &box);

	if (!message) {
		must(store_gone(run->store, run->op->id, id, &error), error);
		return TRUE;
	}
	message->flags |= FLAG_DELETED;
	if (ends(run, FALSE))
		return FALSE;
	take_out(box, message->uid);
	run->done++;
	if (ends(run, FALSE))
		return FALSE;
	must(store_purged(run->store, run->op->id, id, &error), error);
	return !ends(run, TRUE);
}

static gboolean
do_empty(struct run *run)
{
	struct mailbox *box = box_by_id(run->server, run->store, run->op->folder);

	for (guint i = 0; box && i < box->messages->len; i++)
		if (g_array_index(box->messages, struct message, i).uid < run->op->upto)
			g_array_index(box->messages, struct message, i).flags |= FLAG_DELETED;
	if (ends(run, FALSE))
		return FALSE;
	for (guint i = 0; box && i < box->messages->len; i++) {
		if (g_array_index(box->messages, struct message, i).uid >= run->op->upto)
			continue;
		g_array_remove_index(box->messages, i--);
		run->done++;
		if (ends(run, TRUE))
			return FALSE;
	}
	return TRUE;
}

static void
rename_box(struct server *server, const char *from, const char *to)
{
	gsize len = strlen(from);

	for (guint i = 0; i < server->boxes->len; i++) {
		struct mailbox *box = server->boxes->pdata[i];

		if (g_str_has_prefix(box->wire, from) && (!box->wire[len] || box->wire[len] == '/')) {
			char *wire = g_strconcat(to, box->wire + len, NULL);

			g_free(box->wire);
			box->wire = wire;
		}
	}
}

/* FALSE: NO. */
static gboolean
do_folder(struct run *run)
{
	const struct store_op *op = run->op;
	struct store_folder *folder =
	        store_folder_by_id(run->store, op->verb == OP_CREATE ? op->to : op->folder, NULL);
	struct mailbox *box = folder ? box_of(run->server, folder->wire) : NULL;
	gboolean ok = TRUE;

	g_assert_nonnull(folder);
	if (op->verb == OP_CREATE && !box)
		server_make_folder(run->server, folder->wire);
	else if (op->verb == OP_RENAME && (!box || box_of(run->server, op->arg)))
		ok = FALSE;
	else if (op->verb == OP_RENAME)
		rename_box(run->server, folder->wire, op->arg);
	else if (op->verb == OP_REMOVE && box)
		g_ptr_array_remove(run->server->boxes, box);
	else if (op->verb == OP_SUBSCRIBE && box)
		box->subscribed = op->add;
	store_folder_free(folder);
	run->done++;
	return ok;
}

/* As one without the extension does it: the new one, then the end of the old one. Without UIDs all is told at
 * the end. */
static int
do_replace(struct run *run, struct mailbox *to)
{
	if (run->op->ids->len && !to)
		return -1;
	if (run->op->ids->len && !do_one_to(run, 0, to))
		return 0;
	return !run->op->sources->len || do_purge(run, g_array_index(run->op->sources, msgid, 0));
}

/* 1 done, 0 the program ended, -1 NO. */
static int
perform(struct run *run)
{
	const struct store_op *op = run->op;
	struct mailbox *to =
	        op->verb != OP_CREATE && op->to ? box_by_id(run->server, run->store, op->to) : NULL;

	if (op->verb >= OP_CREATE && op->verb <= OP_SUBSCRIBE)
		return do_folder(run) ? !ends(run, TRUE) : -1;
	if (op->verb == OP_FLAG)
		return do_flags(run);
	if (op->verb == OP_EMPTY)
		return do_empty(run);
	if (op->verb == OP_REPLACE)
		return do_replace(run, to);
	for (guint i = 0; i < op->ids->len; i++) {
		if (op->verb == OP_PURGE ? !do_purge(run, g_array_index(op->ids, msgid, i))
		                         : to && !do_one_to(run, i, to))
			return 0;
		if (op->verb != OP_PURGE && !to)
			return -1;
	}
	return 1;
}

/* A backend sees a new UIDVALIDITY when it selects a folder, before it names any UID. */
static void
select_all(struct server *server, struct store *store)
{
	g_autoptr(GPtrArray) folders = store_folders(store, NULL);
	gboolean changed = FALSE;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		const struct mailbox *box = box_of(server, folder->wire);

		changed = changed || (box && folder->uidvalidity && folder->uidvalidity != box->uidvalidity);
	}
	if (changed)
		server_sync(server, store);
}

gboolean
server_carry_out(struct server *server, struct store *store, const struct store_op *op,
                 const struct weather *weather)
{
	struct run run = {server, store, op, weather, 0};
	GError *error = NULL;
	int result;

	select_all(server, store);
	must(store_op_set(store, op->id, OP_RUNNING, NULL, 0, &error), error);
	if (weather->crash == 0 && !weather->heard)
		return FALSE;
	result = weather->refuse ? -1 : perform(&run);
	if (result == 0)
		return FALSE;
	if (result > 0)
		must(store_op_done(store, op->id, &error), error);
	else
		must(store_op_set(store, op->id, OP_FAILED, "refused", 0, &error), error);
	return TRUE;
}

/* ---- after the program ended ---- */

/* A message of box like row id, from mark on, that op may have made. */
static struct message *
stranger(struct store *store, struct mailbox *box, const struct store_op *op, msgid id)
{
	struct store_row *row = store_row(store, id, NULL);
	guint content = content_of(row);

	store_row_free(row);
	for (guint i = 0; box && i < box->messages->len; i++) {
		struct message *message = &g_array_index(box->messages, struct message, i);

		msgid known = store_id_by_uid(store, op->to, message->uid, NULL);

		/* No row's, or that of one made of it since: store_moved makes the two one. */
		if (message->uid >= op->mark && message->content == content &&
		    (!known || known > op->mark_row))
			return message;
	}
	return NULL;
}

static void
check_row(struct server *server, struct store *store, const struct store_op *op, enum op_verb verb, msgid id)
{
	struct run run = {server, store, op, NULL, 0};
	struct mailbox *from, *to = op->to ? box_by_id(server, store, op->to) : NULL;
	struct message *still = at_place(&run, id, &from), *there;
	GError *error = NULL;

	if ((verb == OP_PURGE || verb == OP_EMPTY) && !still) {
		must(store_purged(store, op->id, id, &error), error);
	} else if (verb == OP_COPY || verb == OP_APPEND || (verb == OP_MOVE && !still)) {
		there = stranger(store, to, op, id);
		if (there)
			must(store_moved(store, op->id, id, op->to, to->uidvalidity, there->uid, NULL,
			                 &error),
			     error);
	}
}

static gboolean
is_done(const struct server *server, const struct store_op *op, const struct mailbox *box)
{
	if (op->verb == OP_CREATE)
		return box != NULL;
	return !box && (op->verb == OP_REMOVE || box_of(server, op->arg));
}

void
server_check(struct server *server, struct store *store, const struct store_op *op)
{
	GError *error = NULL;
	struct store_folder *folder;

	select_all(server, store);
	for (guint i = 0; op->verb <= OP_EMPTY && op->verb != OP_FLAG && i < op->ids->len; i++)
		check_row(server, store, op, op->verb, g_array_index(op->ids, msgid, i));
	if (op->verb == OP_REPLACE && op->ids->len)
		check_row(server, store, op, OP_APPEND, g_array_index(op->ids, msgid, 0));
	if (op->verb == OP_REPLACE && op->sources->len)
		check_row(server, store, op, OP_PURGE, g_array_index(op->sources, msgid, 0));
	if (op->verb >= OP_CREATE && op->verb <= OP_REMOVE) {
		folder = store_folder_by_id(store, op->verb == OP_CREATE ? op->to : op->folder, NULL);
		if (folder && is_done(server, op, box_of(server, folder->wire)))
			must(store_op_done(store, op->id, &error), error);
		store_folder_free(folder);
	}
	must(store_op_set(store, op->id, OP_WAITING, NULL, 0, &error), error);
}

/* ---- comparing ---- */

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
join(GPtrArray *lines)
{
	g_ptr_array_sort(lines, by_text);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

char *
server_print(const struct server *server)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < server->boxes->len; i++) {
		const struct mailbox *box = server->boxes->pdata[i];

		g_ptr_array_add(lines, g_strdup_printf("%s%s", box->wire, box->subscribed ? " +" : ""));
		for (guint j = 0; j < box->messages->len; j++) {
			const struct message *message = &g_array_index(box->messages, struct message, j);

			g_ptr_array_add(lines, g_strdup_printf("%s %u %u", box->wire, message->content,
			                                       message->flags));
		}
	}
	return join(lines);
}

char *
store_print(struct store *store)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	g_autoptr(GPtrArray) folders = store_folders(store, &error);

	must(folders != NULL, error);
	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

		g_ptr_array_add(lines, g_strdup_printf("%s%s", folder->path, folder->subscribed ? " +" : ""));
		must(store_rows(store, folder->id, NULL, TRUE, 100000, rows, &error), error);
		for (guint j = 0; j < rows->len; j++) {
			const struct store_row *row = rows->pdata[j];

			g_ptr_array_add(lines, g_strdup_printf("%s %u %u", folder->path, content_of(row),
			                                       row->flags));
		}
	}
	return join(lines);
}
