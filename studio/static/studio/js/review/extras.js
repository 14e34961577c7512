// What the screen has beside the answer form. Each part listens to the events the screen sends to the document:
// review:shown {item}, review:left {item}, review:saved {record, body}, review:empty, review:variants, review:reveal.
