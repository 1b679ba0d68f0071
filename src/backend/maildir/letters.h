/* Keywords as Dovecot keeps them: letters in file names, whose meaning stands in each folder's own
 * dovecot-keywords ("0 NAME": 'a' is NAME). A letter that means nothing is another program's: it is kept, and
 * none of ours.
 *
 * Dovecot reads that file anew when its time differs by seconds, holds what it has read for long, and changes
 * it only while it has dovecot-uidlist.lock. So we hold that too, put new names behind all others, and let
 * the time grow.
 */
#ifndef FULMAR_BACKEND_MAILDIR_LETTERS_H
#define FULMAR_BACKEND_MAILDIR_LETTERS_H

#include <glib.h>

enum { LETTERS = 26 };

struct letters {
	char *names[LETTERS]; /* as they stand there; NULL: none */
	guint32 named;        /* letters with a name: bit 0 is 'a' */
	guint32 known;        /* those of them whose name can be a keyword */
	guint32 forwarded;    /* the one that is $Forwarded, which is a flag here; 0: none */
	char colon;           /* what stands before "2," in names of the folder; 0: it has none */
	gint64 when, inode;   /* of the file: nanoseconds; 0: there is none */
};

/* Those of the folder dir; without the file, or where it cannot be read, none has a name. Gives
 * (letters_free). */
struct letters *letters_read(const char *dir);
void letters_free(gpointer letters);
/* FALSE: the file was written since. */
gboolean letters_are_current(const struct letters *letters, const char *dir);

/* enum store_flag bits of a message called name. */
guint letters_flags(const struct letters *letters, const char *name);
/* The keywords of a message called name, or of letters, blank-separated. Give (g_free). */
char *letters_keywords(const struct letters *letters, const char *name);
char *letters_words(const struct letters *letters, guint32 which);
/* The letters for blank-separated keywords; *lacking says whether there are some without. */
guint32 letters_of(const struct letters *letters, const char *keywords, gboolean *lacking);

enum lesson {
	LESSON_LEARNT,
	LESSON_FULL,  /* not all: there are no more letters */
	LESSON_FAILED /* with error */
};
/* Gives each of the keywords a letter in the folder dir, durably. */
enum lesson letters_teach(const char *dir, const char *keywords, GError **error);

#endif
