#include "base/error.h"
#include "core/account-private.h"

/* A folder in the hands of a lane: opened (resync), then filled (headers). What is begun again, and how
 * often, is decided here. */

enum { FILLS_AT_ONCE = 2, TRIES = 3 };

/* ---- opening ---- */

struct open {
	struct lane *lane;
	struct request *request; /* or NULL */
	gint64 folder;
};

static void opened(const GError *error, void *user);

/* What another lane has of folder from now on is this one's. */
static void
take_over(struct lane *lane, struct progress *p)
{
	struct account *a = lane->account;

	for (guint n = 0; n < LANES; n++) {
		struct lane *other = &a->lanes[n];

		if (other == lane || !lane_is_up(other))
			continue;
		if (other->current == p->folder)
			other->current = 0;
		if (a->ops->leave)
			a->ops->leave(other->backend, p->folder);
	}
	p->lane = lane;
	p->opened = FALSE;
}

void
visit_open(struct lane *lane, gint64 folder, struct request *r)
{
	struct account *a = lane->account;
	struct open *open = g_new0(struct open, 1);

	open->lane = lane;
	open->request = r;
	open->folder = folder;
	take_over(lane, work_progress(a, folder));
	lane->opening = TRUE;
	lane->current = folder;
	a->ops->open(lane->backend, folder, opened, open);
	link_show(a);
}

/* A verb for folder got nowhere: the folder is opened again, a few times; then it is left alone on this link.
 */
static void
set_back(struct lane *lane, struct progress *p, const GError *error)
{
	gboolean again = error->code == FULMAR_CANCELLED || (lane->number && !lane_is_up(lane));
	/* The journal goes from folder to folder: it ends. */
	gboolean crossed = error->code == FULMAR_CANCELLED && lane->account->replaying;

	p->opened = FALSE;
	if (lane->current == p->folder)
		lane->current = 0;
	if (!again || (!crossed && ++p->failures >= TRIES)) {
		g_clear_error(&p->error);
		p->error = g_error_copy(error);
		p->done = TRUE;
	}
}

static void
opened(const GError *error, void *user)
{
	g_autofree struct open *open = user;
	struct lane *lane = open->lane;
	struct account *a = lane->account;
	struct progress *p = work_progress(a, open->folder);

	lane->opening = FALSE;
	if (visits(a) && !error && a->link == LINK_UP)
		journal_linked(a);
	if (p->lane == lane) {
		g_clear_error(&p->error);
		p->opened = !error;
		if (error)
			set_back(lane, p, error);
	}
	if (a->open_next && lane->number == LANE_PERSON) {
		if (open->request)
			request_end(open->request, error);
		work_open(a, a->open_folder, g_steal_pointer(&a->open_next));
	} else if (open->request && error && !p->done && a->link == LINK_UP && !open->request->cancelled) {
		visit_open(lane, open->folder, open->request);
	} else if (open->request) {
		request_end(open->request, error);
	}
	work_on(a);
	link_show(a); /* not before it is known that nothing follows */
}

/* ---- filling ---- */

struct fill {
	struct lane *lane;
	gint64 folder;
};

static void
filled(const GError *error, void *user)
{
	g_autofree struct fill *fill = user;
	struct lane *lane = fill->lane;
	struct account *a = lane->account;
	struct progress *p = work_progress(a, fill->folder);

	if (lane->fills)
		lane->fills--;
	if (p->fills)
		p->fills--;
	if (visits(a)) /* something may have waited for it */
		journal_touch(a);
	if (p->lane == lane && !error)
		p->failures = 0;
	else if (p->lane == lane && p->opened) /* the first of those in the same flight */
		set_back(lane, p, error);
	work_on(a);
	link_show(a);
}

static void
begin_fill(struct lane *lane, struct progress *p)
{
	struct fill *fill = g_new(struct fill, 1);

	fill->lane = lane;
	fill->folder = p->folder;
	lane->fills++;
	p->fills++;
	lane->account->ops->fill(lane->backend, p->folder, filled, fill);
}

gboolean
visit_fill(struct lane *lane, struct progress *p)
{
	struct account *a = lane->account;
	struct store_folder *f;
	gboolean complete;

	if (p->filled)
		return TRUE;
	if (lane->current != p->folder || p->lane != lane || !p->opened) {
		if (!lane_is_busy(lane) && !p->fills)
			visit_open(lane, p->folder, NULL);
		return FALSE;
	}
	f = store_folder_by_id(a->store, p->folder, NULL);
	complete = !f || f->complete;
	g_clear_pointer(&f, store_folder_free);
	while (!complete && lane->fills < FILLS_AT_ONCE)
		begin_fill(lane, p);
	p->filled = complete && !p->fills;
	return p->filled;
}
