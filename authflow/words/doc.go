// Package words has sentences in several languages: those of pages and letters.
//
// A language is a JSON file, named by its tag (BCP 47): fr.json, pt-BR.json. A new file is all that a new language takes; en.json has every sentence
// and is for whoever speaks none of the languages. What another one lacks is said in English.
//
//	{"dir": "ltr", "date": "02.01.2006, 15:04", "texts": {"sign-in.title": "Anmelden", "in.one": "{n} Minute", "in.other": "{n} Minuten"}}
package words
