/* engine/audio/label.h - words in foreign files: UTF-8, and a track's name from where recorders leave it. */
#ifndef TD_AUDIO_LABEL_H
#define TD_AUDIO_LABEL_H

#include "engine/audio/audio.h"

/* The character that begins at s (of n bytes, at least one) and its length; 0 when it is no UTF-8. */
size_t td_utf8(const void *s, size_t n, uint32_t *character);

/* Each sets info->track_name from n foreign bytes if they hold a name; iXML's wins over bext's description. */
void td_label_ixml(td_audio_info *info, const uint8_t *xml, size_t n);
void td_label_bext(td_audio_info *info, const uint8_t *chunk, size_t n);
void td_label_text(td_audio_info *info, const uint8_t *text, size_t n);

#endif
