/* The only door between the screens and the accounts: commands one way, events the other. Each has one owner
 * and is moved, never shared.
 */
#ifndef FULMAR_MSG_BUS_H
#define FULMAR_MSG_BUS_H

#include <glib.h>

enum command_verb {
	CMD_FOLDERS, /* bring the folder list and counts up to date */
	CMD_OPEN, /* folder (or 0 and text = its path, when the store does not know it yet): the person looks
	             at it: first screen now, all headers behind, then watch it. Done when the first screen is
	             in the store */
	CMD_SYNC, /* folder, or 0 and text = its path, or 0 and no text for all: all headers, bodies as keep
	             says. Done when complete */
	CMD_TEXT, /* ids[0]: structure and shown text (text = "html" prefers HTML). Done when here */
	CMD_PART, /* ids[0], text = section ("" whole message, "HEADER"). Done when here */
	CMD_FLAG, /* ids, add, remove, text = keywords to add, text2 = keywords to remove; op = 1: \Seen
	             by itself (what was read), so no step of undo. Done when durable in the store */
	CMD_FLAG_ALL, /* folder, add, remove: all its messages */
	CMD_MOVE,   /* ids to the folder text (path; "" = folder), of the account text2 if not this one; add =
	               1: the folder is made if it is not there. Done when durable, as all that change mail */
	CMD_COPY,   /* the same; EVENT_NEW_ID for each */
	CMD_DELETE, /* ids: to Trash; those in Trash go for good */
	CMD_PURGE,  /* ids go for good */
	CMD_ARCHIVE, /* ids to Archive */
	CMD_DRAFT,   /* bytes = a whole message with CRLF, into Drafts; ids[0], if any: instead of that draft;
	                EVENT_NEW_ID */
	CMD_IMPORT,  /* messages (up to some thousand) into the folder text (path), which is made if it is not
	                there, as part of the step op (0: a new one); EVENT_NEW_ID for each */
	CMD_JUNK,    /* ids to Junk, add = 1: out of it, to INBOX */
	CMD_UNDO,    /* op = step or 0: the newest */
	CMD_FOLDER_CREATE,    /* text = path */
	CMD_FOLDER_RENAME,    /* folder, text = new path */
	CMD_FOLDER_REMOVE,    /* folder, with what is in it */
	CMD_FOLDER_SUBSCRIBE, /* folder, add = 1 yes, 0 no */
	CMD_FOLDER_EMPTY,     /* folder */
	CMD_FOLDER_PREF, /* folder, text = "hidden", "pinned" or "keep", text2 = "yes", "no" or a keep policy
	                  */
	CMD_RULES,    /* folder: the configuration's rules over all of it, as one step of undo; what has to be
	                 read first is noted, and judged when it is here. add = 1: only says what would be
	                 done: EVENT_RULE for each rule */
	CMD_DOWNLOAD, /* folder or ids: whole messages for the journey; progress in octets; done when all are
	                 here. Waits for a better link as long as it takes; remembered until it is done
	                 (store/wanted.h) */
	CMD_LATER,    /* ids[0], text = section: fetched when nothing else is asked; add = 1: not any more.
	                 Done at once */
	CMD_ADMIN,    /* folder, add = enum admin_kind, text = name, text2 = value; EVENT_FACT (with command)
	                 for each answer */
	CMD_SEEN_REFUSAL, /* ids: the person has seen why the server refused their change */
	CMD_REPLAY,       /* replay the journal now. Done when nothing is left that could run */
	CMD_RETRY,        /* op */
	CMD_DROP,         /* op */
	CMD_GO_OFFLINE,
	CMD_GO_ONLINE,
	CMD_SECRET, /* the answer to EVENT_ASK: text = secret, NULL = called off */
	CMD_PROBE,  /* doctor: connect and report by EVENT_FACT */
	CMD_CANCEL, /* op = id of the command to call off */
	CMD_NEAR,   /* ids = rows on the screen: structures may be fetched ahead */
	CMD_LOOK,   /* by bus_wake alone: somebody changed the store. Ends without a word */
	CMD_VERBS
};

enum admin_kind {
	ADMIN_RIGHTS,     /* answers: identifier, rights (RFC 4314 letters); and "", my own rights */
	ADMIN_SET_RIGHTS, /* name = identifier, value = rights; "" removes it */
	ADMIN_QUOTA,      /* answers: "ROOT RESOURCE" ("user STORAGE"), "USED LIMIT" (STORAGE in kB) */
	ADMIN_NOTES,      /* METADATA: answers: entry, value */
	ADMIN_SET_NOTE,   /* name = entry, value ("" removes it) */
	ADMIN_KINDS
};

/* Of CMD_IMPORT. */
struct bus_message {
	GBytes *bytes;   /* whole, with CRLF */
	gint64 received; /* UTC seconds */
	guint flags;     /* enum store_flag */
	char *keywords;  /* blank-separated, or NULL */
};
struct bus_message *bus_message_new(void);
void bus_message_free(gpointer message);

struct command {
	guint64 id; /* given by bus_send */
	enum command_verb verb;
	char *account;
	gint64 folder;
	GArray *ids; /* gint64 msgids, or NULL */
	guint add, remove;
	char *text, *text2;
	GBytes *bytes;       /* or NULL */
	GPtrArray *messages; /* struct bus_message *, free func set; or NULL */
	gint64 op;
};

enum event_kind {
	EVENT_DONE,     /* command ended: error NULL = well; each command gets exactly one */
	EVENT_PROGRESS, /* command: have of total (octets or messages; total 0 = unknown); text = why it waits
	                   for a better link, or NULL: it does not */
	EVENT_ROWS,     /* folder: rows or counters changed */
	EVENT_FOLDERS,  /* the folder list changed */
	EVENT_LINK,  /* the account's connection: state, have/total while fetching, text = detail for Activity
	              */
	EVENT_QUEUE, /* the journal changed: have = waiting, total = failed */
	EVENT_ASK,   /* a secret is wanted: text = prompt; answer with CMD_SECRET */
	EVENT_NOTICE, /* text = one line for the status line (alerts); error may say more. id = the op that
	                 failed: text is why */
	EVENT_FACT,   /* doctor: text = name, text2 = value */
	EVENT_STEP,   /* before EVENT_DONE of a command that changed mail: id = step of undo (0: nothing
	                 changed), text = one line that says what was done */
	EVENT_BACK,   /* command: undo brought messages back; id = the newest of them, in folder */
	EVENT_NEW_ID, /* command: id = the new row (copies, other accounts), text = its account */
	EVENT_RULE, /* command: text = name of a rule, text2 = what it does, have = how many messages it fits,
	               ids = the newest of them; without text: those that would have to be read first */
	EVENT_NEW_MAIL, /* folder: have = how many arrived */
	EVENT_BODY      /* ids[0] = id: a part or structure of it has come */
};

enum link_state { LINK_OFFLINE, LINK_CONNECTING, LINK_FETCHING, LINK_IDLE, LINK_ERROR };

struct event {
	enum event_kind kind;
	char *account;
	guint64 command;
	gint64 folder;
	gint64 id; /* msgid */
	enum link_state state;
	guint64 have, total;
	char *text, *text2;
	GArray *ids; /* msgid, or NULL */
	GError *error;
};

struct bus;
struct bus *bus_new(void);
void bus_free(struct bus *bus); /* after every account has stopped */

struct command *command_new(enum command_verb verb, const char *account);
void command_free(struct command *command);
struct event *event_new(enum event_kind kind, const char *account);
void event_free(struct event *event);
/* text with the account's name before it; many texts begin with that as they are. Gives (g_free). */
char *event_line(const char *account, const char *text);

/* -- the screens' side (one thread) -- */
/* Readable when events wait: for poll(2). */
int bus_fd(const struct bus *bus);
/* The next event or NULL. Gives (event_free). EVENT_ROWS, EVENT_LINK, EVENT_QUEUE and EVENT_PROGRESS that
 * follow each other for the same subject, with nothing but their kinds between them, are folded into the
 * newest. */
struct event *bus_next(struct bus *bus);
/* Takes the command; its id. A command for an account that is not attached ends at once with an EVENT_DONE of
 * FULMAR_FAILED. */
guint64 bus_send(struct bus *bus, struct command *command);

/* -- the accounts' side (any thread) -- */
/* handler runs in context for each command of account; it takes the command. */
void bus_attach(struct bus *bus, const char *account, GMainContext *context,
                void (*handler)(struct command *command, void *user), void *user);
/* After it returns the handler is not called again; commands still queued, and those taken that have not
 * ended, end as cancelled. Call it in the account's thread (also from the handler). */
void bus_detach(struct bus *bus, const char *account);
/* Takes the event. An EVENT_DONE of a command that has already ended is passed over, so that each ends once.
 */
void bus_post(struct bus *bus, struct event *event);
/* Has account, when it is attached, take a CMD_LOOK (id 0): another account wrote into its store. */
void bus_wake(struct bus *bus, const char *account);
/* Posts EVENT_DONE for command id; copies error (NULL: well). */
void bus_done(struct bus *bus, const char *account, guint64 id, const GError *error);

#endif
