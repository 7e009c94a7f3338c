//! What a name says of a copy or an older state: `宗地_2023备份`, `宗地 - 副本`, `Copy of roads (1)`.

/// Words that say so, in lower case; the longer ones first.
const WORDS: [&str; 22] = [
    "copy of",
    "backup",
    "备份",
    "副本",
    "复件",
    "拷贝",
    "复制",
    "旧版",
    "历史",
    "原始",
    "最终版",
    "最终",
    "copy",
    "final",
    "修改",
    "更新",
    "bak",
    "old",
    "new",
    "旧",
    "老",
    "新",
];

/// Those of them by which a table is rather the one that is not meant.
const FORMER: [&str; 13] =
    ["copy of", "backup", "备份", "副本", "复件", "拷贝", "复制", "旧版", "历史", "copy", "bak", "旧", "老"];

/// A name without what tells one copy of it from another.
pub(crate) fn bare(name: &str) -> String {
    let mut name = name.to_lowercase();
    for word in WORDS {
        name = name.replace(word, "");
    }
    // Dates, years, numbers in brackets, and what stood between them and the name.
    name.retain(|c| c.is_alphabetic());
    name
}

/// True when the name says that it is a copy or what was before.
pub(crate) fn is_former(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.ends_with(['~', ')', '）'])
        || lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == "old")
        || lower.split(|c: char| !c.is_ascii_digit()).any(is_date)
        || FORMER.iter().any(|w| lower.contains(w))
}

/// `2023`, `202305`, `20230517`.
fn is_date(digits: &str) -> bool {
    matches!(digits.len(), 4 | 6 | 8) && (digits.starts_with("19") || digits.starts_with("20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_copies_lead_back_to_one() {
        for name in [
            "宗地_2023备份",
            "宗地 - 副本",
            "宗地(1)",
            "宗地_bak",
            "宗地_old",
            "宗地~",
            "旧宗地",
            "宗地20230517",
            "备份宗地",
        ] {
            assert_eq!(bare(name), "宗地", "{name}");
            assert!(is_former(name), "{name}");
        }
        for name in ["roads - Copy", "Copy of roads", "roads_backup_2021"] {
            assert_eq!(bare(name), "roads", "{name}");
            assert!(is_former(name), "{name}");
        }
        for name in ["宗地", "roads", "JSPoint", "Golden"] {
            assert!(!is_former(name), "{name}");
        }
    }
}
