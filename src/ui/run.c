#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "ui/ui-private.h"

/* µs between two readings of the window while rows keep changing: at least REFRESH_EVERY, and so long that
 * reading takes no more than a tenth of the time, or a hundredth while keys come: one key in a hundred may
 * meet it. */
#define REFRESH_EVERY 40000
#define REFRESH_LAST 2000000
#define REFRESH_SHARE 10
#define REFRESH_SHARE_TYPING 120
#define TYPING_FOR 1000000
#define LOOK_AROUND 2000 /* ms: other programs may have written to the store, the clock goes on */
#define EVENTS_PER_FRAME 200
#define NEAR_AFTER 250000 /* µs that a screen of rows is looked at before its structures are asked for */
#define AHEAD_PAUSE 30000 /* µs between two readings that bring no row */
#define FRAME 16000       /* µs between two pictures that no key asked for */

/* The signals that the screen answers to; blocked before any other thread starts, so that they come here
 * alone. */
static int
open_signals(GError **error)
{
	static const int signals[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fulmar_fail(error, FULMAR_FAILED, _("cannot wait for signals: %s"), g_strerror(errno));
	return fd;
}

static void
do_suspend(struct ui *ui)
{
	ui->suspend = FALSE;
	term_leave(ui->term);
	kill(getpid(), SIGSTOP);
	term_return(ui->term);
}

static void
apply_size(struct ui *ui)
{
	int rows, cols;

	term_resize(ui->term);
	term_size(ui->term, &rows, &cols);
	if (rows != ui->picture->rows || cols != ui->picture->cols)
		ui_resize(ui, rows, cols);
}

static void
take_signals(struct ui *ui, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		switch (info.ssi_signo) {
		case SIGWINCH:
			apply_size(ui);
			break;
		case SIGTERM:
		case SIGHUP:
			ui->quit = TRUE;
			break;
		case SIGTSTP:
			do_suspend(ui);
			break;
		case SIGINT:
			ui_cancel_jobs(ui);
			break;
		}
}

/* All keys that wait; TRUE when there were any. */
static gboolean
take_keys(struct ui *ui)
{
	struct term_mouse mouse;
	gint32 key;
	gboolean any = FALSE;

	while (!ui->quit && (key = term_key(ui->term, &mouse)) != 0) {
		if (key < 0) {
			ui->quit = TRUE;
			break;
		}
		ui_key(ui, key, &mouse);
		ui->keyed = g_get_monotonic_time();
		any = TRUE;
		if (ui->suspend)
			do_suspend(ui);
	}
	return any;
}

static gboolean
take_events(struct ui *ui)
{
	struct event *event;
	int n = 0;

	while (n < EVENTS_PER_FRAME && (event = bus_next(ui->bus))) {
		ui_told(ui, event);
		n++;
	}
	return n > 0;
}

static void
paint(struct ui *ui)
{
	ui->paint_due = 0;
	ui->read_ahead = TRUE;
	ui->painted = g_get_monotonic_time();
	ui->near_due = ui->painted + NEAR_AFTER;
	ui_draw(ui);
	term_paint(ui->term, ui->picture, ui->cursor_y, ui->cursor_x);
}

/* Until the rows fill the screen a person waits for them; from then on they change below or one by one. */
static gint64
unless_short(const struct ui *ui, gint64 pause)
{
	return list_count(ui->list) < ui->picture->rows ? 0 : pause;
}

static void
refresh_rows(struct ui *ui)
{
	gint64 begun = g_get_monotonic_time(), cost;

	ui_refresh_rows(ui);
	cost = g_get_monotonic_time() - begun;
	ui->refresh_pause =
	        CLAMP(cost * (begun - ui->keyed < TYPING_FOR ? REFRESH_SHARE_TYPING : REFRESH_SHARE),
	              REFRESH_EVERY, REFRESH_LAST);
}

/* TRUE when rows came that were missing on the screen. */
static gboolean
read_ahead(struct ui *ui, gint64 now)
{
	int before = list_count(ui->list);

	ui->read_ahead = list_read_ahead(ui->list);
	/* Only messages that are about to go: no hurry, their place is read anew when they went. */
	ui->ahead_due = ui->read_ahead && list_count(ui->list) == before ? now + AHEAD_PAUSE : 0;
	return before < ui->picture->rows && list_count(ui->list) != before;
}

/* Work that waits for a quiet moment. TRUE when the picture may have changed. */
static gboolean
do_due(struct ui *ui)
{
	struct ui_account *account = ui->accounts->pdata[ui->account];
	gint64 now = g_get_monotonic_time();
	gboolean changed = FALSE;

	if (ui->rows_stale && now - ui->refreshed >= unless_short(ui, ui->refresh_pause)) {
		refresh_rows(ui);
		changed = TRUE;
	}
	if (ui->folders_stale && now - ui->refreshed >= REFRESH_EVERY) {
		ui_refresh_folders(ui);
		changed = TRUE;
	}
	if (account->calm_until && now >= account->calm_until) {
		account->calm_until = 0;
		changed = TRUE;
	}
	if (ui->seen_due && now >= ui->seen_due)
		reader_mark_seen(ui);
	if (ui->preview_due && now >= ui->preview_due) {
		const struct list_item *item = list_cursor(ui->list);

		ui->preview_due = 0;
		if (ui->pane_width && item && ui_top(ui) == ui->list_view &&
		    reader_message(ui) != item->row->id)
			changed |= reader_show(ui, ui->account, item->row->id, TRUE);
		else if (!item && reader_message(ui) && ui_top(ui) == ui->list_view)
			reader_clear(ui);
	}
	if (ui->near_due && now >= ui->near_due)
		ui_tell_near(ui);
	if (ui->asks->len && !ui_is_typing(ui)) {
		ui_ask_secrets(ui);
		changed = TRUE;
	}
	if (ui->read_ahead && now >= ui->ahead_due)
		changed |= read_ahead(ui, now);
	changed |= ui_sweep_on(ui);
	if (ui->seeking) {
		ui_act(ui, ui->seeking > 0 ? ACT_NEXT_NEW : ACT_PREVIOUS_NEW, 0);
		changed = TRUE;
	}
	return changed;
}

static int
until(gint64 due, gint64 now, int timeout)
{
	gint64 ms;

	if (!due)
		return timeout;
	ms = (due - now + 999) / 1000;
	return (int)CLAMP(ms, 0, timeout);
}

static int
wait_for(const struct ui *ui)
{
	gint64 now = g_get_monotonic_time();
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	const gint64 due[] = {ui->preview_due, ui->seen_due,        ui->paint_due,
	                      ui->near_due,    account->calm_until, ui->read_ahead ? ui->ahead_due : 0};
	int timeout = LOOK_AROUND;

	if (ui->seeking || ui->sweep || (ui->read_ahead && now >= ui->ahead_due))
		return 0;
	for (guint i = 0; i < G_N_ELEMENTS(due); i++)
		timeout = until(due[i], now, timeout);
	if (ui->rows_stale)
		timeout = until(MAX(ui->refreshed + unless_short(ui, ui->refresh_pause), 1), now, timeout);
	if (ui->folders_stale)
		timeout = until(ui->refreshed + REFRESH_EVERY, now, timeout);
	return timeout;
}

/* TRUE: a moment has passed, what depends on the clock may look different. */
static gboolean
look_around(struct ui *ui)
{
	gint64 now = g_get_monotonic_time();
	struct store *store;

	if (now - ui->looked < LOOK_AROUND * 1000)
		return FALSE;
	ui->looked = now;
	store = ui_store(ui, ui->account);
	if (store && store_changed(store))
		ui->rows_stale = ui->folders_stale = TRUE;
	return TRUE;
}

static void
loop(struct ui *ui, int signals)
{
	struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0},
	                       {signals, POLLIN, 0},
	                       {bus_fd(ui->bus), POLLIN, 0},
	                       {layout_worker_fd(ui->worker), POLLIN, 0}};

	while (!ui->quit) {
		gboolean dirty = FALSE, keys = FALSE;
		int n = poll(fds, G_N_ELEMENTS(fds), wait_for(ui));

		if (n < 0 && errno != EINTR) {
			log_note(LOG_UI, "poll: %s", g_strerror(errno));
			return;
		}
		if (n > 0 && fds[1].revents) {
			take_signals(ui, signals);
			dirty = TRUE;
		}
		if (n > 0 && fds[0].revents & POLLIN)
			dirty |= keys = take_keys(ui);
		else if (n > 0 && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			ui->quit = TRUE;
		/* A key is on the screen before anything else is looked at. */
		if (keys && !ui->quit) {
			paint(ui);
			dirty = FALSE;
		}
		if (n > 0 && fds[2].revents)
			dirty |= take_events(ui);
		if (n > 0 && fds[3].revents) {
			reader_laid_out(ui);
			dirty = TRUE;
		}
		dirty |= look_around(ui);
		dirty |= do_due(ui);
		if (dirty && !ui->paint_due)
			ui->paint_due = ui->painted + unless_short(ui, FRAME);
		if (ui->paint_due && !ui->quit && g_get_monotonic_time() >= ui->paint_due)
			paint(ui);
	}
}

static void
start(struct ui *ui)
{
	paint(ui);
	if (ui->params->started)
		ui->params->started(ui->params->user);
	ui_ask_folder(ui);
}

int
ui_run(const struct ui_params *params, GError **error)
{
	struct term *term;
	struct ui *ui;
	int rows, cols, signals = open_signals(error);

	if (signals < 0)
		return FULMAR_FAILED;
	term = term_open(params->conf, error);
	if (!term) {
		close(signals);
		return FULMAR_USAGE;
	}
	term_size(term, &rows, &cols);
	ui = ui_new(params, rows, cols, error);
	if (ui) {
		ui->term = term;
		ui->bus = params->bus;
		ui->worker = layout_worker_new();
		start(ui);
		loop(ui, signals);
	}
	term_close(term);
	close(signals);
	if (ui)
		state_save(ui->state);
	ui_free(ui);
	return ui ? FULMAR_OK : FULMAR_USAGE;
}

char *
ui_first_screen_text(const struct ui_params *params, int cols, int rows, GError **error)
{
	struct ui *ui = ui_new(params, rows, cols, error);
	char *text;

	if (!ui)
		return NULL;
	ui_draw(ui);
	text = picture_to_text(ui->picture);
	ui_free(ui);
	return text;
}
