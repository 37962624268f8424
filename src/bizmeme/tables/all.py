"""Every table, in the order in which the stages make them."""

import dataframely as dy

from bizmeme.tables.examples import Examples, Predictions
from bizmeme.tables.labels import AutoLabels, AutoReplies, GoldSample, HumanLabels
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawFiles, RawLabels, RawPages, RawPosts, RawReplies

TABLES: tuple[type[dy.Schema], ...] = (
    RawPosts,
    RawPages,
    RawFiles,
    RawLabels,
    RawReplies,
    Posts,
    Images,
    GoldSample,
    HumanLabels,
    AutoReplies,
    AutoLabels,
    Examples,
    Predictions,
)
