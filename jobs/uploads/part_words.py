"""What the parts of a dataset are called in other languages than English."""

_TRAIN = (
    "trainingsdaten", "lerndaten", "entraînement", "entrainement", "apprentissage", "entrenamiento", "treino",
    "treinamento", "addestramento", "allenamento", "обучение", "обучающая", "тренировка", "тренировочная",
    "trening", "treningowe", "träning", "eğitim", "trénování", "训练", "训练集", "训练数据", "訓練", "訓練集",
    "訓練データ", "学習", "学習用", "学習データ", "훈련", "학습",
)  # fmt: skip
_VALIDATION = (
    "validierung", "validierungsdaten", "validación", "validacion", "validação", "validacao", "validazione",
    "convalida",
    "валидация", "валидационная", "walidacja", "walidacyjne", "validering", "validatie", "doğrulama", "validace",
    "验证", "验证集", "驗證", "驗證集", "検証", "検証用", "検証データ", "검증",
)  # fmt: skip
_TEST = (
    "testdaten", "prueba", "pruebas", "teste", "testes", "тест", "тестовая", "тестирование", "testowe", "testování",
    "测试", "测试集", "測試", "測試集", "テスト", "テスト用", "テストデータ", "테스트", "시험",
)  # fmt: skip
PART_WORDS = {
    **dict.fromkeys(_TRAIN, "train"),
    **dict.fromkeys(_VALIDATION, "validation"),
    **dict.fromkeys(_TEST, "test"),
}
