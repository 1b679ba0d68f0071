/* Accounts at work over servers in memory, and somebody who gives commands and waits for their ends. */
#ifndef FULMAR_TESTS_CORE_BED_H
#define FULMAR_TESTS_CORE_BED_H

#include "core/account-private.h"
#include "memory.h"

struct bed {
	char *dir;
	struct conf *conf;
	struct bus *bus;
	GPtrArray *accounts; /* struct account *, those started */
	GHashTable *ended;   /* command id → GError or NULL */
	guint64 last;
	char *said;        /* the last EVENT_STEP's line, or NULL */
	gint64 step;       /* and its step */
	GArray *new_ids;   /* of EVENT_NEW_ID since the last command */
	char *notice;      /* the last one, or NULL */
	const char *error; /* what the last command that was awaited ended with, or NULL; lent */
	guint links;       /* EVENT_LINK with LINK_IDLE or LINK_FETCHING */
	gint64 failed;     /* ops, as EVENT_QUEUE said last */
	guint facts;       /* EVENT_FACT */
	gboolean has_body; /* EVENT_BODY came */
	gboolean waits;    /* as EVENT_PROGRESS said last */
};

/* A fresh folder of data and configuration with accounts "work" and "home". */
void bed_make(struct bed *bed);
void bed_remove(struct bed *bed);
/* As another process on the same stores: with a bus and commands of its own. */
void bed_make_other(struct bed *other, const struct bed *bed);
void bed_remove_other(struct bed *other);
void bed_copy_tree(const char *from, const char *to);
void bed_remove_tree(const char *path);
void bed_start(struct bed *bed, const char *account, guint flags);
/* With verbs of the test's own. */
struct account *bed_start_with(struct bed *bed, const struct backend_ops *ops, const char *account,
                               guint flags);
/* Ends all accounts; each command has ended once. */
void bed_stop(struct bed *bed);
/* Fetches all there is, as the command line does: the account is started for it and stopped. */
void bed_sync(struct bed *bed, const char *account);

struct command *bed_command(enum command_verb verb, const char *account);
/* Adds the row of the message to the command's ids: the first of that Message-ID in folder. */
void bed_add_id(struct bed *bed, struct command *command, const char *folder, const char *message_id);
/* For account "work": about that message, or folder. */
struct command *bed_about(struct bed *bed, enum command_verb verb, const char *folder,
                          const char *message_id);
struct command *bed_about_folder(struct bed *bed, enum command_verb verb, const char *folder);
guint64 bed_send(struct bed *bed, struct command *command);
/* Its code, FULMAR_OK when it ended well. */
int bed_await(struct bed *bed, guint64 id);
int bed_do(struct bed *bed, struct command *command);
/* Until command id ends, TRUE, or the server of account fell silent. */
gboolean bed_await_or_silence(struct bed *bed, guint64 id, const char *account);

/* Until a body came. */
void bed_await_body(struct bed *bed);
/* Until a download waits for a better link. */
void bed_await_waiting(struct bed *bed);

/* A reading handle. */
struct store *bed_store(struct bed *bed, const char *account);
gint64 bed_folder(struct bed *bed, const char *account, const char *path);
msgid bed_row(struct bed *bed, const char *account, const char *folder, const char *message_id);
char *bed_dump(struct bed *bed, const char *account);
/* Ends the test, saying which lines differ. */
void bed_assert_same(const char *what, const char *have, const char *want);
/* Ops that wait, *failed those that failed. */
gint64 bed_waiting(struct bed *bed, const char *account, gint64 *failed);

#endif
