"""Everyday words for the relation of a family member to the person who registers.

People answer "who comes with you?" with a word such as "wife", not with the label of a button.
"""

# Words with which a person names a relative. The first line of each entry is Kazakh, the second one
# Uzbek, the third one Russian, the fourth one Chinese (see `option_words`).
# check: a native speaker must check each line
OPTION_WORDS: dict[tuple[str, str], tuple[str, str, str, str]] = {
    ("relation", "spouse"): (
        "әйелім, әйеліммен, күйеуім, күйеуіммен, жұбайым, жұбайыммен, жолдасым, зайыбым",
        "xotinim, xotinim bilan, ayolim, erim, erim bilan, turmush oʻrtogʻim, rafiqam",
        "жена, моя жена, с женой, муж, мой муж, с мужем, супруга, супруг, с супругой, с супругом",
        "老婆, 我老婆, 妻子, 我妻子, 爱人, 我爱人, 太太, 老公, 我老公, 丈夫, 我丈夫, 先生",
    ),
    ("relation", "child"): (
        "балам, баламмен, ұлым, ұлыммен, қызым, қызыммен, кіші балам",
        "bolam, bolam bilan, oʻgʻlim, oʻgʻlim bilan, qizim, qizim bilan, farzandim",
        "ребёнок, мой ребёнок, с ребёнком, сын, мой сын, с сыном, дочь, моя дочь, дочка, с дочкой,"
        " с дочерью",
        "孩子, 我孩子, 小孩, 儿子, 我儿子, 女儿, 我女儿",
    ),
    ("relation", "parent"): (
        "анам, анаммен, шешем, әкем, әкеммен",
        "onam, onam bilan, otam, otam bilan, dadam",
        "мама, моя мама, с мамой, мать, с матерью, папа, с папой, отец, мой отец, с отцом",
        "妈妈, 我妈妈, 我妈, 母亲, 我母亲, 爸爸, 我爸爸, 我爸, 父亲, 我父亲",
    ),
    ("relation", "other"): (
        "немерем, немереммен, атам, әжем, ағам, інім, бауырым, әпкем, қарындасым, сіңлім, туысым",
        "nevaram, nevaram bilan, bobom, buvim, akam, ukam, opam, singlim, qarindoshim",
        "внук, внучка, с внуком, с внучкой, бабушка, дедушка, с бабушкой, с дедушкой, брат,"
        " мой брат, с братом, сестра, моя сестра, с сестрой, племянник, племянница, тёща, свекровь",
        "孙子, 孙女, 外孙, 外孙女, 爷爷, 奶奶, 外公, 外婆, 哥哥, 弟弟, 姐姐, 妹妹",
    ),
}
