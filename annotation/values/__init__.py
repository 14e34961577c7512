"""What an ideal answer does: topics, values statements, proposals, categories, and prompts with a term swapped."""
