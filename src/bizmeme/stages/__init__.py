"""One file a pipeline stage, each with `Params` (the sections it reads) and `run` (read, compute, write)."""

STAGES = {
    "compose": "conf/ → params.yaml, checked as a whole",
    "scrape": "board → journal → data/raw",
    "parse": "data/raw → posts, images",
    "sample": "posts → the posts that people label, with weights and roles",
    "export_labels": "Label Studio → human labels, agreement",
    "auto_label": "vision API → labels under a dollar cap: pilot, gate, all",
    "prepare": "labels → leak-free train, val and test files",
    "base": "the base model, or the hub revision that stands for it",
    "train": "QLoRA fine-tuning → adapter",
    "evaluate": "adapter and baselines against the human test set",
    "judge": "predictions against the sandbox's truth",
}
