// Packages without types of their own; as much of each as the demo uses.

declare module 'sentiment' {
  export default class Sentiment {
    analyze(text: string): { score: number; comparative: number }
  }
}

declare module 'vader-sentiment' {
  const vader: { SentimentIntensityAnalyzer: { polarity_scores(text: string): { compound: number } } }
  export default vader
}

declare module 'wink-naive-bayes-text-classifier' {
  export interface Classifier {
    definePrepTasks(tasks: ((text: string) => string[])[]): number
    defineConfig(config: { considerOnlyPresence?: boolean; smoothingFactor?: number }): boolean
    learn(text: string, label: string): boolean
    consolidate(): boolean
    predict(text: string): string
    exportJSON(): string
    importJSON(json: string): boolean
  }
  export default function createClassifier(): Classifier
}

declare module 'krippendorff' {
  export function alpha(ratings: (string | undefined)[][]): number
}
