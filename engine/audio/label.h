/* engine/audio/label.h - the name of a track, from where recorders and workstations leave it. */
#ifndef TD_AUDIO_LABEL_H
#define TD_AUDIO_LABEL_H

#include "engine/audio/audio.h"

/* Each sets info->track_name from n foreign bytes if they hold a name; iXML's wins over bext's description. */
void td_label_ixml(td_audio_info *info, const uint8_t *xml, size_t n);
void td_label_bext(td_audio_info *info, const uint8_t *chunk, size_t n);
void td_label_text(td_audio_info *info, const uint8_t *text, size_t n);

#endif
