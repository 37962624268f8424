"""The loopback servers, one file each: board, media, openai, label_studio, captions, truth and clock."""
