#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* What a person wants to read, fetched when it is not here: structures, shown texts, parts, and the
 * structures of rows nearby. */

enum { LARGE = 1024 * 1024 };

static void
tell_body(struct account *a, msgid id)
{
	struct event *event = account_event(a, EVENT_BODY);

	event->id = id;
	account_post(a, event);
}

static void
tell_progress(guint64 have, guint64 total, void *user)
{
	struct request *r = user;
	struct event *event = account_event(r->account, EVENT_PROGRESS);

	event->command = r->command->id;
	event->have = have;
	event->total = total;
	account_post(r->account, event);
}

static msgid
first_id(const struct command *c)
{
	return c->ids && c->ids->len ? g_array_index(c->ids, msgid, 0) : 0;
}

static gboolean
wants_html(const struct command *c)
{
	return c->text && !strcmp(c->text, "html");
}

static void
text_done(const GError *error, void *user)
{
	struct request *r = user;

	if (!error) {
		store_set_text_here(r->account->store, first_id(r->command), NULL);
		tell_body(r->account, first_id(r->command));
	}
	request_verb_done(error, r);
}

static void
fetch_shown(struct request *r, const struct mime_part *root)
{
	struct account *a = r->account;
	msgid id = first_id(r->command);
	g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	keep_lacking(a, id, root, wants_html(r->command), sections);
	for (guint i = 0; i < sections->len; i++)
		g_array_append_val(ids, id);
	if (!sections->len) {
		text_done(NULL, r);
		return;
	}
	a->ops->parts(a->backend, (const msgid *)(void *)ids->data, (const char *const *)sections->pdata,
	              sections->len, text_done, r);
}

static void
structure_done(const GError *error, void *user)
{
	struct request *r = user;
	g_autoptr(GError) failed = error ? g_error_copy(error) : NULL;
	struct mime_part *root =
	        failed ? NULL : store_structure(r->account->store, first_id(r->command), &failed);

	if (!root) {
		if (!failed)
			fulmar_fail(&failed, FULMAR_FAILED,
			            _("the server does not tell how this message is built; try again"));
		request_verb_done(failed, r);
		return;
	}
	fetch_shown(r, root);
	mime_part_free(root);
}

void
reading_text(struct request *r)
{
	struct account *a = r->account;
	msgid id = first_id(r->command);
	struct mime_part *root;

	if (visits(a)) { /* it is all of the message or nothing */
		a->ops->part(a->backend, id, "", tell_progress, text_done, r);
		return;
	}
	root = store_structure(a->store, id, NULL);
	if (!root) {
		a->ops->structures(a->backend, &id, 1, structure_done, r);
		return;
	}
	fetch_shown(r, root);
	mime_part_free(root);
}

static void
part_done(const GError *error, void *user)
{
	struct request *r = user;
	struct lane *lane = g_steal_pointer(&r->lane);
	gboolean lane_lost = FALSE;

	if (lane) {
		lane_lost = !lane_is_up(lane);
		lane_give(lane);
	}
	if (!error)
		tell_body(r->account, first_id(r->command));
	else if (lane_lost && r->account->link == LINK_UP && !r->cancelled && ++r->attempts < LINKS_AT_MOST) {
		reading_part(r);
		return;
	}
	request_verb_done(error, r);
}

static guint64
size_of(struct account *a, msgid id, const char *section)
{
	struct mime_part *root = *section ? store_structure(a->store, id, NULL) : NULL;
	const struct mime_part *part = root ? mime_part_by_section(root, section) : NULL;
	guint64 size = part ? part->size : *section ? 0 : store_size(a->store, id);

	g_clear_pointer(&root, mime_part_free);
	return size;
}

/* A large one would be in the way of what is asked for next. */
void
reading_part(struct request *r)
{
	struct account *a = r->account;
	const char *section = r->command->text ? r->command->text : "";
	gboolean large;

	if (store_has_part(a->store, first_id(r->command), section)) {
		part_done(NULL, r);
		return;
	}
	large = size_of(a, first_id(r->command), section) > LARGE;
	r->lane = lane_take(a, large ? LANE_LONG : LANE_PERSON);
	if (r->lane)
		a->ops->part(r->lane->backend, first_id(r->command), section, tell_progress, part_done, r);
	else
		r->running = FALSE;
}

static void
near_done(const GError *error, void *user)
{
	request_verb_done(NULL, user); /* looking ahead may fail unseen: opening the message asks again */
}

void
reading_near(struct request *r)
{
	struct account *a = r->account;
	g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(msgid));

	for (guint i = 0; !visits(a) && r->command->ids && i < r->command->ids->len && lacking->len < 200;
	     i++) {
		msgid id = g_array_index(r->command->ids, msgid, i);
		struct store_row *row = store_row(a->store, id, NULL);

		/* What lies in another folder would cost opening that one. */
		if (row && row->uid && !row->has_structure && row->folder == a->lanes[LANE_PERSON].current)
			g_array_append_val(lacking, id);
		g_clear_pointer(&row, store_row_free);
	}
	if (lacking->len)
		a->ops->structures(a->backend, (const msgid *)(void *)lacking->data, lacking->len, near_done,
		                   r);
	else
		near_done(NULL, r);
}

gboolean
reading_is_here(struct account *a, const struct command *c)
{
	if (c->verb == CMD_PART)
		return store_has_part(a->store, first_id(c), c->text ? c->text : "");
	return c->verb == CMD_TEXT && keep_has_shown(a, first_id(c), wants_html(c));
}
