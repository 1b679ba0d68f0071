/* What making text safe and measuring it share. */
#ifndef FULMAR_BASE_TEXT_PRIVATE_H
#define FULMAR_BASE_TEXT_PRIVATE_H

#include <glib.h>
#include <unistr.h>

enum { TEXT_VS16 = 0xFE0F /* emoji presentation */ };

/* Columns of the frequent characters that never join the one before them (grapheme break property Other, or a
 * Hangul syllable), so that two of them in a row need no table of Unicode. 0: not one of them. */
static inline int
text_plain_width(ucs4_t cp)
{
	if (cp < 0x7F)
		return cp >= 0x20;
	if (cp < 0x1100)
		return (cp > 0xA0 && cp < 0x300 && cp != 0xAD) ||
		       (cp >= 0x386 && cp <= 0x482 && cp != 0x38B) || (cp >= 0x48A && cp < 0x530);
	if (cp < 0x2E80)
		return (cp >= 0x2010 && cp <= 0x2027) || (cp >= 0x2500 && cp <= 0x257F);
	if ((cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
	    (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A0 && cp <= 0x30FF) ||
	    (cp >= 0x3001 && cp <= 0x3029) || (cp >= 0xFF01 && cp <= 0xFF60))
		return 2;
	return 0;
}

static inline int
text_decode(const char *s, gsize len, ucs4_t *cp)
{
	if ((guchar)*s < 0x80) {
		*cp = (guchar)*s;
		return 1;
	}
	return u8_mbtouc(cp, (const uint8_t *)s, len);
}

#endif
