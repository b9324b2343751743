"""Why a file is not taken as a sound."""

UNSUPPORTED = "A sound is an MP3, WAV, M4A, Ogg or FLAC file."
IS_A_VIDEO = "The file is a video: upload it by POST /videos; `video:<id>` names it wherever a sound is wanted."
