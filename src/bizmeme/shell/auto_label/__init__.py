"""What `auto_label` and `bizmeme plan` share: the questions, one labeller's part, the report."""
