#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "model/op-text.h"
#include "ui/ui-private.h"

/* One word and a glyph for each state of a link. */
static const struct {
	const char *glyph, *ascii, *word;
	enum role role;
} links[] = {
        [LINK_OFFLINE] = {"○", "o", N_("Offline"), ROLE_DIM},
        [LINK_CONNECTING] = {"◐", "~", N_("Connecting"), ROLE_ACCENT},
        [LINK_FETCHING] = {"↓", "v", N_("Fetching"), ROLE_ACCENT},
        [LINK_IDLE] = {"●", "*", N_("Idle"), ROLE_GOOD},
        [LINK_ERROR] = {"▲", "!", N_("Error"), ROLE_ERROR},
};
G_STATIC_ASSERT(G_N_ELEMENTS(links) == LINK_ERROR + 1);

/* What is fetched for the person goes over a connection of its own, beside the one that the state is of. */
static const struct job *
fetching_job(const struct ui *ui, guint n)
{
	const struct job *job = ui_running(ui);

	return job && job->account == n ? job : NULL;
}

char *
ui_link_text(const struct ui *ui, guint n, guint *role)
{
	const struct ui_account *account = ui->accounts->pdata[n];
	gboolean brief = g_get_monotonic_time() < account->calm_until;
	const struct job *job = fetching_job(ui, n);
	enum link_state linked = brief ? LINK_IDLE : account->link,
	                state = linked == LINK_IDLE && job ? LINK_FETCHING : linked;
	guint64 have = linked == LINK_FETCHING ? account->have
	               : job                   ? job->have
	                                       : 0,
	        total = linked == LINK_FETCHING ? account->total
	                : job                   ? job->total
	                                        : 0;
	const char *glyph = ui_mark(ui, links[state].glyph, links[state].ascii);

	if (role)
		*role = links[state].role;
	if (state == LINK_FETCHING && have < total) /* texts may follow the last header */
		return g_strdup_printf("%s %s %d %%", glyph, _(links[state].word), (int)(have * 100 / total));
	return g_strdup_printf("%s %s", glyph, _(links[state].word));
}

static void
append_part(GString *out, const struct ui *ui, const char *text)
{
	if (out->len)
		g_string_append(out, ui_mark(ui, " · ", " - "));
	g_string_append(out, text);
}

static void
append_count(GString *out, const struct ui *ui, gint64 n, const char *format_word)
{
	g_autofree char *count = format_count(n), *text = NULL;

	if (n <= 0)
		return;
	text = g_strdup_printf("%s %s", count, format_word);
	append_part(out, ui, text);
}

/* With the key that says why. */
static void
append_failed(GString *out, const struct ui *ui, gint64 n)
{
	g_autofree char *key = ui_key_of(ui, VIEW_LIST, ACT_ACTIVITY),
	                *text = g_strdup_printf("%s (%s)", _("failed"), key);

	append_count(out, ui, n, text);
}

static char *
job_text(const struct ui *ui, const struct job *job)
{
	if (job->total)
		return g_strdup_printf("%s %d %%", job->label,
		                       (int)(MIN(job->have, job->total) * 100 / job->total));
	return g_strdup_printf("%s%s", job->label, ui_mark(ui, "…", "..."));
}

static char *
sweep_text(const struct sweep *sweep)
{
	return g_strdup_printf("%s %d %%", sweep->label,
	                       (int)(sweep->total ? MIN(sweep->seen, sweep->total) * 100 / sweep->total : 0));
}

/* Said from QUOTA_FULL on (ROLE_STATUS cannot warn more loudly than words do). */
static void
append_quota(GString *out, const struct ui *ui)
{
	for (guint i = 0; i < ui->accounts->len; i++) {
		const struct ui_account *account = ui->accounts->pdata[i];
		guint64 percent = account->quota_limit ? account->quota_used * 100 / account->quota_limit : 0;
		g_autofree char *text = NULL;

		if (percent < QUOTA_FULL)
			continue;
		text = g_strdup_printf(_("%s is %d %% full"), account->conf->id, (int)percent);
		append_part(out, ui, text);
	}
}

/* Downloads that a link is waited for with. */
static guint
waiting_jobs(const struct ui *ui)
{
	GHashTableIter iter;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&iter, ui->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		n += ui_waits(ui, value);
	return n;
}

/* "1 failed (W) · synced 14:02 · 3 waiting" */
static char *
state_text(struct ui *ui)
{
	GString *out = g_string_new(NULL);
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	const struct job *job = ui_running(ui);
	gint64 waiting = waiting_jobs(ui), failed = 0;

	for (guint i = 0; i < ui->accounts->len; i++) {
		const struct ui_account *each = ui->accounts->pdata[i];

		waiting += each->waiting;
		failed += each->failed;
	}
	append_failed(out, ui, failed); /* first: a narrow window cuts the end */
	if (job) {
		g_autofree char *text = job_text(ui, job);

		append_part(out, ui, text);
	}
	if (ui->info && ui->info->synced) {
		g_autofree char *clock = format_clock(ui->info->synced, ui->now),
		                *text = g_strdup_printf(_("synced %s"), clock);

		append_part(out, ui, text);
	}
	if (ui->sweep) {
		g_autofree char *text = sweep_text(ui->sweep);

		append_part(out, ui, text);
	}
	append_count(out, ui, waiting, _("waiting"));
	append_count(out, ui, g_hash_table_size(ui->selected), _("selected"));
	append_quota(out, ui);
	if (account->link == LINK_ERROR && account->detail)
		append_part(out, ui, account->detail);
	if (ui->count)
		g_string_append_printf(out, "  %d", ui->count);
	return g_string_free(out, FALSE);
}

static char *
place_text(struct ui *ui)
{
	gint64 place, total;
	g_autofree char *at = NULL, *of = NULL;

	list_place(ui->list, &place, &total);
	if (!list_count(ui->list))
		return g_strdup("");
	at = format_count(place);
	of = format_count(total);
	return place ? g_strdup_printf(_("%s of %s"), at, of) : g_strdup_printf(_("of %s"), of);
}

gsize
ui_line_end(const char *text, int width)
{
	int used;
	gsize len = strlen(text), fits = text_fit(text, len, width, &used);
	const char *space = fits < len ? g_strrstr_len(text, (gssize)fits, " ") : NULL;

	return space && space - text > (gssize)fits / 2 ? (gsize)(space - text) + 1 : fits;
}

/* What stands in place of the state, or NULL. */
static const char *
said(const struct ui *ui)
{
	return ui->toast ? ui->toast : ui->refused;
}

/* Lines that it needs: one stands on the status line, two cover the hints, more the rows above. */
static int
said_lines(const struct ui *ui)
{
	int most = ui->toast ? MAX(2, ui->picture->rows / 2) : 2, width = ui->picture->cols - 2, n = 1;

	for (const char *at = said(ui); n < most && text_width(at, -1) > width; n++)
		at += ui_line_end(at, width);
	return n;
}

static void
draw_said(struct ui *ui)
{
	int lines = said_lines(ui), rows = ui->picture->rows, cols = ui->picture->cols,
	    y = rows - MAX(lines, 2);
	const char *at = said(ui);
	gboolean bad = !ui->toast || ui->toast_is_error;

	for (int i = 0; i < lines; i++) {
		gsize end = i < lines - 1 ? ui_line_end(at, cols - 2) : strlen(at);
		g_autofree char *line = g_strndup(at, end);

		if (lines > 1)
			picture_clear(ui->picture, (struct rect){y + i, 0, 1, cols},
			              y + i == rows - 2 ? ROLE_STATUS : ROLE_TEXT);
		picture_cut(ui->picture, y + i, 1, cols - 2, bad ? ROLE_ERROR : ROLE_TITLE, line);
		at += end;
	}
}

/* The status line is about something else than the list's cursor. */
static gboolean
is_elsewhere(const struct ui *ui)
{
	const struct view *base = ui_base(ui);

	return base != ui->list_view && base != ui->reader;
}

/* Of the message under the cursor: the key that says it was seen, what was not done, and why. Gives (g_free).
 */
static char *
refused_text(struct ui *ui)
{
	const struct list_item *item = list_cursor(ui->list);
	struct store *store = ui_store(ui, ui->account);
	struct store_op *op;
	g_autofree char *key = NULL, *what = NULL;

	if (ui->toast || is_elsewhere(ui) || !item || !item->row->refused || !*item->row->refused)
		return NULL;
	key = ui_key_of(ui, VIEW_LIST, ACT_SEEN_REFUSAL);
	op = store ? store_op_refused(store, item->row->id, NULL) : NULL;
	what = op_failed_text(op, ui_folders(ui, ui->account), item->row->refused);
	if (op)
		store_op_free(op);
	return g_strdup_printf(_("Refused (%s: seen): %s"), key, what);
}

void
ui_draw_status(struct ui *ui)
{
	int y = ui->picture->rows - 2, width = ui->picture->cols;
	gboolean of_folders = ui_base(ui)->ops->kind == VIEW_FOLDERS;
	g_autofree char *detail = of_folders ? folders_detail(ui) : NULL;
	g_autofree char *state = detail ? g_steal_pointer(&detail) : state_text(ui),
	                *place = is_elsewhere(ui) ? g_strdup("") : place_text(ui), *link = NULL;
	guint role;
	int end, x = 1;

	picture_clear(ui->picture, (struct rect){y, 0, 1, width}, ROLE_STATUS);
	g_free(ui->refused);
	ui->refused = refused_text(ui);
	if (said(ui) && said_lines(ui) > 1)
		return;
	if (said(ui) && text_width(said(ui), -1) + text_width(place, -1) + 4 > width) {
		draw_said(ui);
		return;
	}
	end = picture_right(ui->picture, y, 0, width - 1, ROLE_STATUS, place) - 2;
	if (said(ui)) {
		draw_said(ui);
		return;
	}
	/* Where the list's own title does not show the link, its word stands here. */
	if (ui_base(ui) != ui->list_view && !ui->pane_width) {
		link = ui_link_text(ui, ui->account, &role);
		x += picture_cut(ui->picture, y, x, end - x, role, link) + 2;
	}
	picture_cut(ui->picture, y, x, end - x, ROLE_STATUS, state);
}

struct hint {
	const struct key_action *action;
	char *key;
	int width;
	gboolean shown, forbidden;
};

static gboolean
is_forbidden(struct ui *ui, enum view_kind view, enum action action)
{
	g_autofree char *why = ui_forbidden(ui, view, action);

	return why != NULL;
}

static void
collect_hints(struct ui *ui, enum view_kind view, GArray *hints)
{
	for (const struct key_action *a = keys_actions(); a->name; a++) {
		const GArray *keys;
		struct hint hint = {.action = a};

		if (!(a->views & VIEW_BIT(view)) || !a->rank || !a->hint)
			continue;
		keys = keymap_keys(ui->keymap, view, a->id);
		if (!keys)
			continue;
		hint.key = keys_name(g_array_index(keys, gint32, 0));
		hint.forbidden = is_forbidden(ui, view, a->id);
		hint.width = text_width(hint.key, -1) + 1 + text_width(_(a->hint), -1) + 2;
		g_array_append_val(hints, hint);
	}
}

/* By rank, but help and the way out (rank 1) at the end, where the eye looks for them. */
static gint
by_rank(gconstpointer a, gconstpointer b)
{
	const struct hint *x = a, *y = b;
	int rank_x = x->action->rank == 1 ? G_MAXINT : x->action->rank,
	    rank_y = y->action->rank == 1 ? G_MAXINT : y->action->rank;

	if (rank_x != rank_y)
		return rank_x < rank_y ? -1 : 1;
	return x->action < y->action ? -1 : x->action > y->action;
}

/* The lowest ranks stay as long as they fit. */
static void
choose_hints(GArray *hints, int width)
{
	for (int rank = 1; rank < 100; rank++)
		for (guint i = 0; i < hints->len; i++) {
			struct hint *hint = &g_array_index(hints, struct hint, i);

			if (hint->action->rank != rank)
				continue;
			if (hint->width > width)
				return;
			hint->shown = TRUE;
			width -= hint->width;
		}
}

void
ui_draw_hints(struct ui *ui)
{
	int y = ui->picture->rows - 1, x = 1;
	g_autoptr(GArray) hints = g_array_new(FALSE, FALSE, sizeof(struct hint));

	picture_clear(ui->picture, (struct rect){y, 0, 1, ui->picture->cols}, ROLE_TEXT);
	if (said(ui) && said_lines(ui) > 1) {
		draw_said(ui);
		return;
	}
	collect_hints(ui, ui_top(ui)->ops->kind, hints);
	choose_hints(hints, ui->picture->cols);
	g_array_sort(hints, by_rank);
	for (guint i = 0; i < hints->len; i++) {
		struct hint *hint = &g_array_index(hints, struct hint, i);

		if (hint->shown) {
			x += picture_text(ui->picture, y, x, ui->picture->cols - x,
			                  hint->forbidden ? ROLE_DIM : ROLE_KEY, hint->key) +
			     1;
			x += picture_text(ui->picture, y, x, ui->picture->cols - x,
			                  hint->forbidden ? ROLE_DIM : ROLE_STATUS, _(hint->action->hint)) +
			     2;
		}
		g_free(hint->key);
	}
}
